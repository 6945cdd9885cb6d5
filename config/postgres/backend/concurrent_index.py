"""Indexes that remain after an interrupted migration with CREATE INDEX CONCURRENTLY.

The statement runs outside transactions. After an interruption, the index may be invalid, or may be
valid without a record of the migration. This module lets the migration run again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any, NamedTuple

from django.db import transaction
from django.db.backends.utils import split_identifier
from django.db.models import Index, Model

from config.postgres.names import shortened
from config.postgres.queries import read_rows

FIND_INDEX = """
    SELECT indisvalid, substring(pg_get_indexdef(indexrelid) FROM ' USING (.*)')
      FROM pg_index WHERE indexrelid = to_regclass(%s) AND indrelid = to_regclass(%s)
"""


class FoundIndex(NamedTuple):
    """An index in the database."""

    is_valid: bool
    definition: str
    """The text of CREATE INDEX after USING."""


def is_built(editor: Any, model: type[Model], index: Index) -> bool:
    """Return whether the database has `index`. Drop an invalid index of this name."""
    table = model._meta.db_table
    name = f"{editor.schema_prefix(table)}{editor.quote_name(index.name)}"
    found = _find_index(editor, name, editor.quote_name(table))
    if found and not found.is_valid:
        editor.execute(index.remove_sql(model, editor, concurrently=True))
        return False
    return found is not None and found.definition == _expected_definition(editor, model, index)


@contextmanager
def renamed_index(model: type[Model], index: Index, partition: str) -> Iterator[Index]:
    """Make `partition` the table of `model` in the block, and yield a copy of `index` for it."""
    table = model._meta.db_table
    (_, bare), (_, name) = split_identifier(table), split_identifier(partition)
    part = copy(index)
    part.name = shortened(f"{name}_{index.name.removeprefix(f'{bare}_')}")
    model._meta.db_table = partition
    try:
        yield part
    finally:
        model._meta.db_table = table


def _expected_definition(editor: Any, model: type[Model], index: Index) -> str | None:
    """Return the definition that PostgreSQL prints for the index on an empty copy of the table."""
    original = model._meta.db_table
    _, name = split_identifier(original)
    table = editor.quote_name(name)
    statement: Any = index.create_sql(model, editor)
    if name != original:
        statement.rename_table_references(original, name)
    with transaction.atomic(using=editor.connection.alias):
        editor.execute(f"CREATE TEMPORARY TABLE {table} (LIKE {editor.quote_name(original)})")
        editor.execute(statement, params=None)
        found = _find_index(editor, f"pg_temp.{editor.quote_name(index.name)}", table)
        transaction.set_rollback(True, using=editor.connection.alias)
    return found and found.definition


def _find_index(editor: Any, index: str, table: str) -> FoundIndex | None:
    rows = read_rows(editor.connection, FIND_INDEX, [index, table])
    return FoundIndex(*rows[0]) if rows else None
