"""Statements that making and dropping months have in common."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

# To lock a table takes a privilege; ATTACH and DETACH do it for a role without it, only later.
REFERENCED = """
    SELECT DISTINCT confrelid::regclass::text FROM pg_constraint
     WHERE conrelid = %s::regclass AND contype = 'f' AND confrelid <> conrelid
       AND has_table_privilege(confrelid, 'UPDATE')
     ORDER BY 1
"""


def rows(
    connection: BaseDatabaseWrapper, sql: str, parameters: Sequence[str] | None = None
) -> list[Any]:
    """Return the rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def run(connection: BaseDatabaseWrapper, sql: str) -> int:
    """Run a statement, and return the number of rows that it has changed."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.rowcount)


def try_to_drop(connection: BaseDatabaseWrapper, name: str) -> None:
    """Raise django.db.Error if something, such as a view, keeps a partition from being dropped."""
    with transaction.atomic(using=connection.alias):
        run(connection, f"DROP TABLE {name}")
        transaction.set_rollback(True, using=connection.alias)


def lock_out_writers(connection: BaseDatabaseWrapper, table: str, *partitions: str) -> None:
    """Lock the table, and those that it refers to, against writing; reading goes on.

    The latter come first, as in a transaction that deletes a user. Names are quoted.
    """
    referenced = [name for (name,) in rows(connection, REFERENCED, [table])]
    for name in (*referenced, table, *partitions):
        run(connection, f"LOCK TABLE ONLY {name} IN SHARE ROW EXCLUSIVE MODE")
