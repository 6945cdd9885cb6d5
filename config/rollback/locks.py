"""Locks on the tables of a rollback: all before anything runs, and none waited for for long."""

import time
from collections.abc import Callable, Collection

from django.conf import settings
from django.core.management.base import CommandError
from django.db import Error, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import errors

from config.rollback.objects import LEDGER, Gone

FIRST_PAUSE = 0.5  # seconds; doubled after each attempt
STOP_WRITERS = "SHARE ROW EXCLUSIVE"  # pg_dump and other readers go on
STOP_ALL = "ACCESS EXCLUSIVE"  # what DROP TABLE takes


def lock_tables(
    connection: BaseDatabaseWrapper,
    tables: Collection[str],
    mode: str,
    say: Callable[[str], None],
) -> None:
    """LOCK TABLE within the current transaction, or let go and try again after a pause.

    Who waits for a lock has all others wait behind it, hence only for MIGRATE_LOCK_TIMEOUT seconds
    (0: as long as the server's lock_timeout says).
    Raises CommandError after the last attempt, with the sessions that were in the way.
    """
    timeout = float(settings.MIGRATE_LOCK_TIMEOUT)
    retries = int(settings.MIGRATE_LOCK_RETRIES)
    for attempt in range(retries + 1):
        try:
            _lock(connection, tables, mode, timeout)
        except Error as error:
            if not isinstance(error.__cause__, (errors.LockNotAvailable, errors.DeadlockDetected)):
                raise
            holders = _holders(connection, tables)
            if attempt == retries:
                raise CommandError(
                    f"The tables could not be locked{holders}. Nothing was changed. Try again when "
                    "that is over."
                ) from error
            pause = FIRST_PAUSE * 2**attempt
            say(f"The tables could not be locked{holders}. Trying again in {pause:g} s.")
            time.sleep(pause)
        else:
            return


def _lock(
    connection: BaseDatabaseWrapper, tables: Collection[str], mode: str, timeout: float
) -> None:
    names = ", ".join(connection.ops.quote_name(table) for table in sorted(tables))
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if timeout:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{timeout * 1000:.0f}"])
        cursor.execute(f"LOCK TABLE {names} IN {mode} MODE")


def _holders(connection: BaseDatabaseWrapper, tables: Collection[str]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT concat_ws(' ', l.relation::regclass, 'is used by session', l.pid,
                                      '(' || nullif(a.application_name, '') || ')',
                                      'of', a.usename, 'since',
                                      to_char(a.xact_start AT TIME ZONE 'UTC', 'HH24:MI:SS" UTC"'))
              FROM pg_locks AS l
              JOIN pg_stat_activity AS a USING (pid)
             WHERE l.granted AND l.locktype = 'relation' AND l.pid <> pg_backend_pid()
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND l.relation IN (SELECT to_regclass(quote_ident(name))
                                    FROM unnest(%s::text[]) AS name)
             ORDER BY 1 LIMIT 3
            """,
            [list(tables)],
        )
        holders = [holder for (holder,) in cursor.fetchall()]
    return f": {', '.join(holders)}" if holders else ""


def tables_to_lock(connection: BaseDatabaseWrapper, gone: Gone) -> list[str]:
    """The tables that change, and those at the other end of a foreign key that goes: it leaves
    triggers there."""
    with connection.cursor() as cursor:
        cursor.execute(
            TABLES_TO_LOCK,
            {
                "tables": list(gone.tables),
                "altered": [part.table for part in gone.columns],
                "columns": [part.column for part in gone.columns],
                "ledger": LEDGER,
            },
        )
        return [name for (name,) in cursor.fetchall()]


TABLES_TO_LOCK = """
    WITH gone AS (
        SELECT to_regclass(quote_ident(name))::oid AS oid FROM unnest(%(tables)s::text[]) AS name
    ), altered AS (
        SELECT attrelid, attnum
          FROM unnest(%(altered)s::text[], %(columns)s::text[]) AS part (table_name, name)
          JOIN pg_attribute ON attrelid = to_regclass(quote_ident(table_name)) AND attname = name
    ), keys AS (
        SELECT conrelid, confrelid FROM pg_constraint
         WHERE contype = 'f'
           AND (conrelid IN (TABLE gone) OR confrelid IN (TABLE gone)
                OR EXISTS (SELECT FROM altered WHERE attrelid = conrelid AND attnum = ANY (conkey)))
    )
    SELECT relname FROM pg_class
     WHERE oid IN (TABLE gone) OR oid IN (SELECT attrelid FROM altered)
        OR oid IN (SELECT conrelid FROM keys) OR oid IN (SELECT confrelid FROM keys)
        OR oid = to_regclass(quote_ident(%(ledger)s))
     ORDER BY 1
"""
