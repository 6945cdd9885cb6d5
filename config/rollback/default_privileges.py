"""Corrections of the privileges that ALTER DEFAULT PRIVILEGES adds to restored objects.

pg_restore assumes that a new object has PostgreSQL's built-in default privileges, and grants or
revokes only the differences.
"""

from collections.abc import Collection

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres import read_rows
from config.postgres.catalog import Address
from config.rollback.inventory import address_parameters


def read_corrections(connection: BaseDatabaseWrapper, created: Collection[Address]) -> list[str]:
    """Return the statements that give the objects PostgreSQL's built-in default privileges."""
    rows = read_rows(connection, CORRECTIONS, address_parameters(created))
    return [statement for (statement,) in rows]


CORRECTIONS = """
    WITH created AS (
        SELECT catalog::regclass AS catalog, oid
          FROM unnest(%(catalogs)s::text[], %(oids)s::oid[]) AS created (catalog, oid)
    ), privileged (catalog, oid, keyword, owner, privileges, for_all) AS (
        SELECT catalog, oid, CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
               relowner, relacl, false
          FROM created JOIN pg_class USING (oid) WHERE catalog = 'pg_class'::regclass
         UNION ALL
        SELECT catalog, oid, 'TYPE', typowner, typacl, true
          FROM created JOIN pg_type USING (oid) WHERE catalog = 'pg_type'::regclass
         UNION ALL
        SELECT catalog, oid, 'ROUTINE', proowner, proacl, true
          FROM created JOIN pg_proc USING (oid) WHERE catalog = 'pg_proc'::regclass
    ), named AS (
        SELECT privileged.*, (pg_identify_object(catalog, oid, 0)).identity FROM privileged
         WHERE privileges IS NOT NULL
    )
    SELECT format('REVOKE ALL ON %%s %%s FROM %%s', keyword, identity,
                  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
      FROM named CROSS JOIN LATERAL aclexplode(privileges) WHERE grantee <> owner
     UNION ALL
    SELECT format('GRANT ALL ON %%s %%s TO %%s%%s', keyword, identity, owner::regrole,
                  CASE WHEN for_all THEN ', PUBLIC' END)
      FROM named
"""
