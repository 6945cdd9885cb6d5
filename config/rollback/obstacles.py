"""The refusal of a rollback that objects not created by migrations stand in the way of."""

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog import Obstacle, read_addresses, read_obstacles
from config.rollback.dropped_objects import Dropped, tables_of
from config.rollback.plan import Rollback


def check_obstacles(connection: BaseDatabaseWrapper, rollback: Rollback, dropped: Dropped) -> None:
    """Raise CommandError if objects not created by migrations depend on those being removed."""
    own_tables = tables_of(rollback.before, connection.alias)
    if obstacles := find_obstacles(connection, dropped, own_tables):
        count = len(obstacles)
        depend = "object depends" if count == 1 else "objects depend"
        raise CommandError(
            f"Cannot roll back {rollback.what}: {count} {depend} on it that no migration has made: "
            f"{', '.join(map(str, obstacles))}. Nothing was changed. Drop what is in the way, or "
            "have its owner do it, and run rollback again."
        )


def find_obstacles(
    connection: BaseDatabaseWrapper, dropped: Dropped, own_tables: list[str]
) -> list[Obstacle]:
    """Return the objects that depend on `dropped` and are not part of `own_tables`."""
    columns = [(column.table, column.column) for column in dropped.columns]
    with connection.cursor() as cursor:
        removed = read_addresses(
            cursor, tables=dropped.tables, columns=columns, types=dropped.enum_types
        )
        return read_obstacles(cursor, removed, read_addresses(cursor, tables=own_tables))
