"""The transaction that reads the live schema, with fixed settings and short waits for locks."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import errors

from config.console import OutputError, explain
from config.postgres import execute
from config.postgres.backend import LASTING, DatabaseWrapper
from config.postgres.catalog import CatalogError, Schema, check_may_read, read_schema

# The longest wait for another session's uncommitted DDL, which blocks pg_get_*def().
LOCK_TIMEOUT = 2000  # milliseconds
# Settings that change how PostgreSQL creates or prints a table, fixed so that a role's own settings
# cannot look like drift.
PINNED = {
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "default_table_access_method": "heap",
    "extra_float_digits": "1",
    "lc_monetary": "C",
    "quote_all_identifiers": "off",
    "standard_conforming_strings": "on",
    **LASTING,
}
SET_PINNED = """
    SELECT set_config(name, value, true)
      FROM unnest(%s::text[], %s::text[]) AS settings (name, value)
     WHERE current_setting(name, true) IS NOT NULL
"""
# Use the session's own lock_timeout if it is shorter.
SHORTER_TIMEOUT = """
    SELECT set_config('lock_timeout', least(nullif(reset_val::int, 0), %s)::text, true)
      FROM pg_settings WHERE name = 'lock_timeout'
"""


def _check_engine(connection: BaseDatabaseWrapper) -> None:
    # The caller may pass django.db.connection, which is a proxy.
    if not isinstance(connections[connection.alias], DatabaseWrapper):
        raise CatalogError(
            f"Database {connection.alias!r} has the engine {connection.settings_dict['ENGINE']!r}, "
            "which cannot create this schema. Set its engine to config.postgres.backend."
        )


@contextmanager
def read_transaction(connection: BaseDatabaseWrapper) -> Iterator[Schema]:
    """Begin a transaction that reads the schema, and roll it back at the end.

    Raise CatalogError if the engine cannot create this schema, or if the role may not read it.
    """
    _check_engine(connection)
    with transaction.atomic(using=connection.alias):
        # Limit the wait before any query, because another session may have locked pg_catalog.
        execute(connection, f"SET LOCAL lock_timeout = {LOCK_TIMEOUT}")
        execute(connection, SHORTER_TIMEOUT, [LOCK_TIMEOUT])
        execute(connection, SET_PINNED, [list(PINNED), list(PINNED.values())])
        # With a pooler, the session may have temporary tables that another client has created.
        execute(connection, "DISCARD TEMP")
        check_may_read(connection)
        yield read_schema(connection)
        transaction.set_rollback(True, using=connection.alias)


def explain_failure(error: Exception) -> str:
    """Return one line with the reason why the schema could not be read, and the next step."""
    if isinstance(error.__cause__, errors.LockNotAvailable):
        return "Another session is changing the schema and has not committed. Try again later."
    explanation = explain(error) if not isinstance(error, CatalogError | OutputError) else None
    return " ".join((explanation or str(error)).split())
