"""The numbers of sequences, which the code of migrations draws or sets.

PostgreSQL does not undo nextval() and setval() at the end of a transaction. But ALTER SEQUENCE
gives the sequence another file, and if that is undone, the one with the former number is back.
"""

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog import read_schema
from config.postgres.citus import read_layout
from config.postgres.enums import database_operations
from config.rollback.dropped_objects import UndoneOperation
from config.rollback.rollback_plan import Rollback


def make_undoable(connection: BaseDatabaseWrapper, rollback: Rollback) -> None:
    """Have this transaction work on copies of the sequences, if code runs that may use any.

    Other sessions that draw a number wait until the transaction ends. The sequences of other roles
    or in schemas that the role may not use, and those of a cluster, cannot be altered.
    """
    if _runs_code(rollback) and not read_layout(connection, read_schema(connection)):
        with connection.cursor() as cursor:
            cursor.execute(UNCHANGED)
            for (statement,) in cursor.fetchall():
                cursor.execute(statement)


def try_to_make_undoable(connection: BaseDatabaseWrapper, rollback: Rollback) -> None:
    """Do so, and release the locks at once."""
    with transaction.atomic(using=connection.alias):
        make_undoable(connection, rollback)
        transaction.set_rollback(True, using=connection.alias)


def _runs_code(rollback: Rollback) -> bool:
    return any(
        UndoneOperation(operation).runs_code
        for migration in rollback.migrations
        for operation in database_operations(migration.operations)
    )


UNCHANGED = """
    SELECT format('ALTER SEQUENCE %s CACHE %s', seqrelid::regclass, seqcache)
      FROM pg_sequence JOIN pg_class AS c ON c.oid = seqrelid
     WHERE relpersistence <> 't' AND pg_has_role(relowner, 'USAGE')
       AND has_schema_privilege(relnamespace, 'USAGE')
     ORDER BY 1
"""
