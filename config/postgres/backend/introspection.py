"""The introspection of tables, including tables in other schemas."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.postgresql import introspection
from django.db.backends.utils import split_identifier


class DatabaseIntrospection(introspection.DatabaseIntrospection):
    """An introspection that finds the table of `db_table = 'sales"."item'`."""

    def get_constraints(self, cursor: Any, table_name: str) -> Any:
        with _in_search_path(cursor, table_name) as name:
            return super().get_constraints(cursor, name)

    def get_sequences(self, cursor: Any, table_name: str, table_fields: Any = ()) -> Any:
        with _in_search_path(cursor, table_name) as name:
            return super().get_sequences(cursor, name, table_fields)


@contextmanager
def _in_search_path(cursor: Any, table_name: str) -> Iterator[str]:
    """Set the search path to the schema in `table_name`, if any, and yield the bare table name."""
    schema, name = split_identifier(table_name)
    if not schema:
        yield table_name
        return
    cursor.execute(
        "SELECT current_setting('search_path'), set_config('search_path', quote_ident(%s), false)",
        [schema],
    )
    search_path, _ = cursor.fetchone()
    yield name
    cursor.execute("SELECT set_config('search_path', %s, false)", [search_path])
