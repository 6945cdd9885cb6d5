"""The table locks of a rollback: which tables, in which mode."""

from collections.abc import Collection

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

BLOCK_WRITERS = "SHARE ROW EXCLUSIVE"  # pg_dump and other readers go on
BLOCK_ALL = "ACCESS EXCLUSIVE"  # DROP TABLE takes it


def lock_tables(connection: BaseDatabaseWrapper, tables: Collection[int], mode: str) -> None:
    """Lock `tables` until the current transaction ends, all of them before anything runs.

    Raise django.db.Error if lock_timeout is not long enough. LockWaits.retry() then lets go of
    everything, pauses, and starts again.
    """
    with connection.cursor() as cursor:
        cursor.execute(lock_statement(connection, tables, mode))


def lock_statement(connection: BaseDatabaseWrapper, tables: Collection[int], mode: str) -> str:
    """Return the statement that locks those of the relations that are tables, and may be locked.

    The owner of another table can let us refer to it, but not lock it.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCKABLE, [list(tables)])
        names = ", ".join(name for (name,) in cursor.fetchall())
    return f"LOCK TABLE {names} IN {mode} MODE"


def try_to_lock_tables(connection: BaseDatabaseWrapper, tables: Collection[int], mode: str) -> None:
    """Lock `tables`, and release those locks at once."""
    with transaction.atomic(using=connection.alias):
        lock_tables(connection, tables, mode)
        transaction.set_rollback(True, using=connection.alias)


LOCKABLE = """
    SELECT CASE relkind WHEN 'r' THEN 'ONLY ' ELSE '' END || oid::regclass FROM pg_class
     WHERE oid = ANY (%s::oid[]) AND relkind IN ('r', 'p')
       AND relnamespace <> 'pg_catalog'::regnamespace  -- such as those of Citus
       AND has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE')
     ORDER BY oid::regclass::text
"""
