"""A schema editor that notes the objects which prevent a DROP, and continues."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres import read_rows
from config.postgres.backend import DatabaseSchemaEditor
from config.postgres.catalog import Address, Obstacle, read_obstacles


class DropRecord:
    """The dropped objects, and the obstacles: objects that prevent a DROP without CASCADE."""

    def __init__(self) -> None:
        self.dropped: list[Address] = []
        self.obstacles: set[Address] = set()

    def read_obstacles(self, connection: BaseDatabaseWrapper) -> list[Obstacle]:
        """Return the obstacles, after the drops have been rolled back."""
        obstacles = read_obstacles(connection, self.dropped)
        return [obstacle for obstacle in obstacles if obstacle.address in self.obstacles]


class RehearsalEditor(DatabaseSchemaEditor):
    """An editor for a transaction that is rolled back. Its DROP statements have CASCADE."""

    sql_delete_table = f"{DatabaseSchemaEditor.sql_delete_table} CASCADE"
    sql_delete_column = f"{DatabaseSchemaEditor.sql_delete_column} CASCADE"

    def __init__(self, record: DropRecord, connection: Any, **options: Any) -> None:
        super().__init__(connection, **options)
        self.record = record

    def delete_model(self, model: Any) -> None:
        through = [field.remote_field.through for field in model._meta.local_many_to_many]
        tables = [each._meta.db_table for each in through if each._meta.auto_created]
        self._note_obstacles(
            FIND_TABLES, [[*map(self.quote_name, [model._meta.db_table, *tables])]]
        )
        super().delete_model(model)

    def remove_field(self, model: Any, field: Any) -> None:
        if field.column:
            self._note_obstacles(FIND_COLUMN, [self.quote_name(model._meta.db_table), field.column])
        super().remove_field(model, field)

    def drop_enum(self, name: str) -> None:
        self._note_obstacles(FIND_TYPE, [self.quote_name(name)])
        self.execute(f"DROP TYPE {self.quote_name(name)} CASCADE", None)

    def _note_obstacles(self, query: str, parameters: Sequence[Any]) -> None:
        """Note the objects that depend on the objects that the query finds."""
        dropped = [Address(*row) for row in read_rows(self.connection, query, parameters)]
        obstacles = read_obstacles(self.connection, dropped)
        self.record.dropped += dropped
        self.record.obstacles |= {obstacle.address for obstacle in obstacles}


FIND_TABLES = """
SELECT 'pg_class', to_regclass(name)::oid::bigint, 0 FROM unnest(%s::text[]) AS name
 WHERE to_regclass(name) IS NOT NULL
"""
FIND_COLUMN = """
SELECT 'pg_class', attrelid::bigint, attnum::int FROM pg_attribute
 WHERE attrelid = to_regclass(%s) AND attname = %s
"""
FIND_TYPE = "SELECT 'pg_type', oid::bigint, 0 FROM pg_type WHERE oid = to_regtype(%s)"
