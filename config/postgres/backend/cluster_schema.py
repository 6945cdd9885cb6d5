"""The part of the schema editor that deals with tables on a Citus cluster."""

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
from config.postgres.queries import read_rows

ADD_FOREIGN_KEY = re.compile(
    r'(?P<head>ALTER TABLE (?:ONLY )?"(?P<table>.+?)" ADD CONSTRAINT "[^"]+" )'
    r"(?P<definition>FOREIGN KEY .*)",
    re.DOTALL,
)
READ_PRIMARY_KEY = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE conrelid = to_regclass(%s) AND contype = 'p'
"""
READ_CONSTRAINT = """
SELECT contype, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE conrelid = to_regclass(%s) AND conname = %s
"""


class ClusterSchemaEditor(NamingSchemaEditor):
    """A schema editor that distributes new tables as the models declare.

    In a database without distributed tables, the editor distributes none.
    """

    def execute(self, sql: Any, params: Any = ()) -> None:
        """Run a statement. On a cluster, adapt a foreign key, or skip one that Citus refuses."""
        layout = self._target_layout() if "FOREIGN KEY" in str(sql) else {}
        for statement in foreign_key_on_cluster(str(sql), layout) if layout else [sql]:
            super().execute(statement, params)

    def create_model(self, model: type[Model]) -> None:
        """Create the table, and distribute it before foreign keys connect it with others."""
        super().create_model(model)
        layout = self._target_layout()
        table = model._meta.db_table
        if table not in layout:
            return
        for name, before in read_rows(self.connection, READ_PRIMARY_KEY, [self.quote_name(table)]):
            after = key_on_cluster(table, before, layout)
            if after != before:
                alter = f"ALTER TABLE {self.quote_name(table)}"
                self.execute(f"{alter} DROP CONSTRAINT {self.quote_name(name)}", None)
                self.execute(f"{alter} ADD CONSTRAINT {self.quote_name(name)} {after}", None)
        others = {name: layout[name] for name in self._live_layout() if name in layout}
        self.execute(place(table, layout[table], others), None)

    def _rename(self, table: str, kind: Any, old: str, new: str) -> None:
        """Rename an object. Avoid RENAME CONSTRAINT, which Citus refuses for distributed tables."""
        if kind != "CONSTRAINT" or table not in self._live_layout():
            super()._rename(table, kind, old, new)
            return
        quoted, old_name, new_name = map(self.quote_name, (table, old, new))
        [(type_code, definition)] = read_rows(self.connection, READ_CONSTRAINT, [quoted, old])
        if type_code in "pux":  # renaming the index of a key renames the constraint
            self.execute(f"ALTER INDEX {old_name} RENAME TO {new_name}", None)
        elif type_code in "fc":  # a NOT NULL constraint keeps its name
            self.execute(f"ALTER TABLE {quoted} DROP CONSTRAINT {old_name}", None)
            super().execute(f"ALTER TABLE {quoted} ADD CONSTRAINT {new_name} {definition}", None)

    def _live_layout(self) -> Layout:
        """Return the layout of the tables in the database, which is empty without a cluster."""
        if self.collect_sql or not is_cluster(self.connection.alias):
            return {}
        return read_layout(self.connection, read_schema(self.connection))

    def _target_layout(self) -> Layout:
        """Return the live and the declared layout, or {} if no table of a model is distributed."""
        live, declared = self._live_layout(), declared_layout()
        return {**live, **declared} if live.keys() & declared.keys() else {}


def foreign_key_on_cluster(sql: str, layout: Layout) -> Iterator[str]:
    """Yield `sql` with its foreign key adapted to `layout`, or nothing if Citus refuses the key."""
    found = ADD_FOREIGN_KEY.match(sql)
    if not found:
        yield sql
        return
    # PostgreSQL prints a key without this space, and key_on_cluster() reads what PostgreSQL prints.
    definition = re.sub(r"REFERENCES (\S+) \(", r"REFERENCES \1(", found["definition"])
    changed = key_on_cluster(found["table"], definition, layout)
    if changed == definition:
        yield sql
    elif changed:
        yield found["head"] + changed
