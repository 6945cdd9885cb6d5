"""The table locks of a rollback: which tables, in which mode."""

from collections.abc import Collection

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres import LEDGER
from config.rollback.dropped_objects import Dropped

BLOCK_WRITERS = "SHARE ROW EXCLUSIVE"  # pg_dump and other readers go on
BLOCK_ALL = "ACCESS EXCLUSIVE"  # DROP TABLE takes it


def lock_tables(connection: BaseDatabaseWrapper, tables: Collection[str], mode: str) -> None:
    """Lock `tables` until the current transaction ends, all of them before anything runs.

    Raise django.db.Error if lock_timeout is not long enough. LockWaits.retry() then lets go of
    everything, pauses, and starts again.
    """
    names = ", ".join(connection.ops.quote_name(table) for table in sorted(tables))
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {names} IN {mode} MODE")


def try_to_lock_tables(connection: BaseDatabaseWrapper, tables: Collection[str], mode: str) -> None:
    """Lock `tables`, and release those locks at once."""
    with transaction.atomic(using=connection.alias):
        lock_tables(connection, tables, mode)
        transaction.set_rollback(True, using=connection.alias)


def written_tables(dropped: Dropped) -> set[str]:
    """Return the tables whose rows or migrations a rollback removes."""
    return {LEDGER, *dropped.tables, *(column.table for column in dropped.columns)}


def altered_tables(connection: BaseDatabaseWrapper, dropped: Dropped) -> list[str]:
    """Return the same, and the tables at the other end of each foreign key that is dropped.

    A foreign key has triggers on both tables.
    """
    with connection.cursor() as cursor:
        cursor.execute(ALTERED_TABLES, dropped.parameters | {"ledger": LEDGER})
        return [name for (name,) in cursor.fetchall()]


# Of a table that is dropped, `attnum` is NULL.
ALTERED_TABLES = """
    WITH altered (oid, attnum) AS (
        SELECT to_regclass(quote_ident(name))::oid, NULL::int2
          FROM unnest(%(tables)s::text[]) AS name
         UNION ALL
        SELECT attrelid, attnum
          FROM unnest(%(column_tables)s::text[], %(columns)s::text[]) AS obj (table_name, name)
          JOIN pg_attribute ON attrelid = to_regclass(quote_ident(table_name)) AND attname = name
    )
    SELECT relname FROM pg_class
     WHERE oid = to_regclass(quote_ident(%(ledger)s)) OR oid IN (
           SELECT oid FROM altered
            UNION ALL
           SELECT unnest(ARRAY[conrelid, confrelid])
             FROM pg_constraint
             JOIN altered ON contype = 'f'
                         AND (attnum IS NULL AND altered.oid IN (conrelid, confrelid)
                              OR attnum = ANY (conkey) AND altered.oid = conrelid))
     ORDER BY 1
"""
