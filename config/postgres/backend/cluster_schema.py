"""Changes of tables on a Citus cluster, which allows less in one statement."""

import re
from collections.abc import Iterator
from typing import Any

from django.db.models import Model

from config.postgres.backend.naming import NamingSchemaEditor
from config.postgres.catalog import read_schema
from config.postgres.citus import (
    Layout,
    declared_layout,
    is_cluster,
    key_on_cluster,
    place,
    read_layout,
)

FOREIGN_KEY = re.compile(
    r'(?P<head>ALTER TABLE (?:ONLY )?"(?P<table>.+?)" ADD CONSTRAINT "[^"]+" )'
    r"(?P<definition>FOREIGN KEY .*)",
    re.DOTALL,
)
PRIMARY_KEY = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE conrelid = to_regclass(%s) AND contype = 'p'
"""

CONSTRAINT = """
SELECT contype, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE conrelid = to_regclass(%s) AND conname = %s
"""


class ClusterSchemaEditor(NamingSchemaEditor):
    """A schema editor that places new tables where the models declare them.

    It does so only if tables of models are distributed, and the same as ever otherwise.
    """

    def execute(self, sql: Any, params: Any = ()) -> None:
        """Run a statement, or what a cluster has instead of it."""
        layout = {} if "FOREIGN KEY" not in str(sql) else self._layout()
        for statement in on_cluster(str(sql), layout) if layout else [sql]:
            super().execute(statement, params)

    def create_model(self, model: type[Model]) -> None:
        """Create the table, and place it before foreign keys connect it with others."""
        super().create_model(model)
        layout = self._layout()
        table = model._meta.db_table
        if table not in layout:
            return
        with self.connection.cursor() as cursor:
            cursor.execute(PRIMARY_KEY, [self.quote_name(table)])
            for name, before in cursor.fetchall():
                after = key_on_cluster(table, before, layout)
                if after != before:
                    alter = f"ALTER TABLE {self.quote_name(table)}"
                    self.execute(f"{alter} DROP CONSTRAINT {self.quote_name(name)}", None)
                    self.execute(f"{alter} ADD CONSTRAINT {self.quote_name(name)} {after}", None)
        others = {name: layout[name] for name in self._placed() if name in layout}
        self.execute(place(table, layout[table], others), None)

    def _rename(self, table: str, kind: Any, old: str, new: str) -> None:
        """Rename; Citus renames no constraint, but the index of a key, and the key with it."""
        if kind != "CONSTRAINT" or table not in self._placed():
            super()._rename(table, kind, old, new)
            return
        quoted, old_name, new_name = map(self.quote_name, (table, old, new))
        with self.connection.cursor() as cursor:
            cursor.execute(CONSTRAINT, [quoted, old])
            kind, definition = cursor.fetchone()
        if kind in "pux":
            self.execute(f"ALTER INDEX {old_name} RENAME TO {new_name}", None)
        elif kind in "fc":  # a NOT NULL keeps its name
            self.execute(f"ALTER TABLE {quoted} DROP CONSTRAINT {old_name}", None)
            super().execute(f"ALTER TABLE {quoted} ADD CONSTRAINT {new_name} {definition}", None)

    def _placed(self) -> Layout:
        """Return the layout of the database's tables; none on one server."""
        if self.collect_sql or not is_cluster(self.connection.alias):
            return {}
        return read_layout(self.connection, read_schema(self.connection))

    def _layout(self) -> Layout:
        """Return the layout that is or will be if tables of this database are distributed."""
        placed, declared = self._placed(), declared_layout()
        return {**placed, **declared} if placed.keys() & declared.keys() else {}


def on_cluster(sql: str, layout: Layout) -> Iterator[str]:
    """Yield the statement as a cluster has it; none for a foreign key that it cannot keep."""
    found = FOREIGN_KEY.match(sql)
    if not found:
        yield sql
        return
    definition = re.sub(r"REFERENCES (\S+) \(", r"REFERENCES \1(", found["definition"])
    changed = key_on_cluster(found["table"], definition, layout)
    if changed == definition:
        yield sql
    elif changed:
        yield found["head"] + changed
