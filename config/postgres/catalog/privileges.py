"""Checks of the role's privileges. Their messages name the missing GRANT."""

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog.catalog import CatalogError
from config.postgres.queries import read_rows

LEDGERS = """
    SELECT quote_ident(current_user), c.oid::regclass, quote_ident(n.nspname),
           has_schema_privilege(n.oid, 'USAGE'), has_table_privilege(c.oid, 'SELECT')
      FROM pg_class AS c
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relname = 'django_migrations' AND c.relkind IN ('r', 'p')
       AND c.oid = coalesce(to_regclass('django_migrations'), c.oid)
     ORDER BY n.nspname
"""
TEMPORARY_TABLES = """
    SELECT pg_is_in_recovery(), current_setting('transaction_read_only')::bool,
           has_database_privilege(current_database(), 'TEMPORARY'),
           quote_ident(current_database()), quote_ident(current_user)
"""


def check_may_read(connection: BaseDatabaseWrapper) -> None:
    """Raise CatalogError if the role cannot read an existing table django_migrations.

    Every role can read pg_catalog. But without USAGE on a schema, its tables seem to be missing.
    """
    for role, table, schema, may_use_schema, may_select in read_rows(connection, LEDGERS):
        if not may_use_schema:
            raise CatalogError(
                f"Role {role} may not use schema {schema}, which contains django_migrations. "
                f"GRANT USAGE ON SCHEMA {schema} TO {role}."
            )
        if not may_select:
            raise CatalogError(
                f"Role {role} may not read django_migrations. GRANT SELECT ON {table} TO {role}."
            )


def check_may_create_temporary(connection: BaseDatabaseWrapper) -> None:
    """Raise CatalogError if the role cannot create temporary tables in the database."""
    [(standby, read_only, may_create, database, role)] = read_rows(connection, TEMPORARY_TABLES)
    instead = "or compare with a snapshot: --expect FILE"
    if standby:
        raise CatalogError(
            "The server is a standby, on which no temporary table can be created. Verify the "
            f"primary, {instead}."
        )
    if read_only:
        raise CatalogError(
            f"Role {role} has read-only transactions here, in which no temporary table can be "
            f"created. Verify as another role, {instead}."
        )
    if not may_create:
        raise CatalogError(
            f"Role {role} may not create temporary tables. "
            f"GRANT TEMPORARY ON DATABASE {database} TO {role}, {instead}."
        )
