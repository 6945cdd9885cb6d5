"""The functions and lock modes with which a rollback locks tables."""

from collections.abc import Collection

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres import execute, read_rows

BLOCK_WRITERS = "SHARE ROW EXCLUSIVE"  # does not block pg_dump and other readers
BLOCK_ALL = "ACCESS EXCLUSIVE"  # the mode of DROP TABLE


def lock_tables(connection: BaseDatabaseWrapper, tables: Collection[int], mode: str) -> None:
    """Lock all of `tables` until the current transaction ends.

    Raise django.db.Error if lock_timeout expires. LockWaits.retry() then releases all locks, pauses
    and starts again.
    """
    execute(connection, lock_statement(connection, tables, mode))


def lock_statement(connection: BaseDatabaseWrapper, tables: Collection[int], mode: str) -> str:
    """Return the statement that locks those of `tables` that the role may lock.

    A foreign key may refer to a table that the role may not lock.
    """
    names = ", ".join(name for (name,) in read_rows(connection, LOCKABLE, [list(tables)]))
    return f"LOCK TABLE {names} IN {mode} MODE"


LOCKABLE = """
    SELECT CASE relkind WHEN 'r' THEN 'ONLY ' ELSE '' END || oid::regclass FROM pg_class
     WHERE oid = ANY (%s::oid[]) AND relkind IN ('r', 'p')
       AND relnamespace <> 'pg_catalog'::regnamespace  -- such as those of Citus
       AND has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE')
     ORDER BY oid::regclass::text
"""
