"""The privileges that objects have because they were created: ALTER DEFAULT PRIVILEGES adds some.

pg_restore grants what differs from PostgreSQL's own defaults, as if there were no others.
"""

from collections.abc import Collection

from django.db.backends.utils import CursorWrapper

from config.postgres.catalog import Address


def read_corrections(cursor: CursorWrapper, created: Collection[Address]) -> list[str]:
    """Return the statements that leave `created` with PostgreSQL's own default privileges."""
    cursor.execute(
        CORRECTIONS,
        {
            "catalogs": [each.catalog for each in created],
            "oids": [each.oid for each in created],
        },
    )
    return [statement for (statement,) in cursor.fetchall()]


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
