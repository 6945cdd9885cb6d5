"""CREATE INDEX CONCURRENTLY, again after it was interrupted.

It is part of no transaction, so it can end halfway, with an index that is invalid; or be done when
the migration that it belongs to is not.
"""

from contextlib import suppress
from typing import Any

from django.db import Error, transaction
from django.db.models import Index, Model

FIND = """
    SELECT indisvalid, pg_get_indexdef(indexrelid)
      FROM pg_index WHERE indexrelid = to_regclass(%s) AND indrelid = to_regclass(%s)
"""


def is_built(editor: Any, model: type[Model], index: Index) -> bool:
    """Whether `index` is there, complete and as it should be; if it is invalid it is dropped."""
    found = _find(editor, editor.quote_name(index.name), editor.quote_name(model._meta.db_table))
    if found is None:
        return False
    is_valid, definition = found
    if not is_valid:
        editor.execute(index.remove_sql(model, editor, concurrently=True))
        return False
    return bool(definition == _expected_definition(editor, model, index))


def drop_invalid(editor: Any, model: type[Model], index: Index) -> None:
    """Drop what a build has left that failed; or let the next attempt do it."""
    with suppress(Error):
        is_built(editor, model, index)


def _expected_definition(editor: Any, model: type[Model], index: Index) -> str:
    """What PostgreSQL says of the same index, on a table that is empty and soon gone again."""
    table = editor.quote_name(model._meta.db_table)
    with transaction.atomic(using=editor.connection.alias):
        editor.execute(f"CREATE TEMPORARY TABLE {table} (LIKE {table})")
        editor.execute(index.create_sql(model, editor), params=None)
        [_, definition] = _find(editor, f"pg_temp.{editor.quote_name(index.name)}", table)
        transaction.set_rollback(True, using=editor.connection.alias)
    return definition


def _find(editor: Any, index: str, table: str) -> Any:
    with editor.connection.cursor() as cursor:
        cursor.execute(FIND, [index, table])
        found = cursor.fetchone()
    return found and (found[0], found[1].partition(" USING ")[2])  # behind the schema's name
