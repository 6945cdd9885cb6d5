"""Locks of partitioned tables, and a check that a partition can be dropped."""

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres import execute, read_rows

# LOCK TABLE needs a privilege. Without it, only ATTACH and DETACH lock the referenced tables.
REFERENCED_TABLES = """
    SELECT DISTINCT confrelid::regclass::text FROM pg_constraint
     WHERE conrelid = %s::regclass AND contype = 'f' AND confrelid <> conrelid
       AND has_table_privilege(confrelid, 'UPDATE')
     ORDER BY 1
"""


def block_writes(connection: BaseDatabaseWrapper, table: str, *partitions: str) -> None:
    """Block writes to the table, its partitions and the tables that it refers to, but not reads.

    Lock referenced tables first, because deleting a user does the same. A session that locks them
    in the other order continues after the brief MIGRATE_LOCK_TIMEOUT. All names are quoted.
    """
    referenced = [name for (name,) in read_rows(connection, REFERENCED_TABLES, [table])]
    for name in (*referenced, table, *partitions):
        execute(connection, f"LOCK TABLE ONLY {name} IN SHARE ROW EXCLUSIVE MODE")


def check_can_be_dropped(connection: BaseDatabaseWrapper, partition: str) -> None:
    """Raise django.db.Error if a dependent object, such as a view, prevents a DROP.

    The name `partition` is quoted.
    """
    with transaction.atomic(using=connection.alias):
        execute(connection, f"DROP TABLE {partition}")
        transaction.set_rollback(True, using=connection.alias)
