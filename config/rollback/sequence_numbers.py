"""The protection of sequence numbers against changes by the code of migrations.

PostgreSQL does not roll back nextval() and setval(). ALTER SEQUENCE, however, gives the sequence
another file, and ROLLBACK restores the former file with the former number.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres import execute, read_rows, undoing_runs_code
from config.postgres.catalog import read_schema
from config.postgres.citus import read_layout
from config.postgres.enums import database_operations
from config.rollback.rollback_plan import Rollback


def make_sequences_transactional(connection: BaseDatabaseWrapper, rollback: Rollback) -> None:
    """Let ROLLBACK of this transaction restore all sequences, if a migration runs code.

    Other sessions that call nextval() wait until the transaction ends. Sequences that the role may
    not alter are left out, and so are all sequences of a Citus cluster.
    """
    if _runs_code(rollback) and not read_layout(connection, read_schema(connection)):
        for (statement,) in read_rows(connection, ALTER_SEQUENCES):
            execute(connection, statement)


def _runs_code(rollback: Rollback) -> bool:
    return any(
        undoing_runs_code(operation)
        for migration in rollback.migrations
        for operation in database_operations(migration.operations)
    )


# These statements change only the files of the sequences.
ALTER_SEQUENCES = """
    SELECT format('ALTER SEQUENCE %s CACHE %s', seqrelid::regclass, seqcache)
      FROM pg_sequence JOIN pg_class AS c ON c.oid = seqrelid
     WHERE relpersistence <> 't' AND pg_has_role(relowner, 'USAGE')
       AND has_schema_privilege(relnamespace, 'USAGE')
     ORDER BY 1
"""
