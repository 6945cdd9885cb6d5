"""The versions of objects. Renaming or altering an object changes its version."""

from collections.abc import Mapping

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres import read_rows
from config.postgres.catalog import Address
from config.rollback.inventory import FIRST_OWN_OID


def read_versions(connection: BaseDatabaseWrapper) -> Mapping[Address, str]:
    """Return the versions of relations, types, functions, schemas and collations."""
    rows = read_rows(connection, VERSIONS)
    return {Address(catalog, oid): version for catalog, oid, version in rows}


# An update of a catalog's row changes its xmin. The row of pg_class is left out, because a foreign
# key of another table also updates the row. A definition changes when a table in it is renamed.
# Other sessions may change the number of a sequence that this transaction has not locked, so only
# the numbers of locked sequences are compared.
VERSIONS = f"""
WITH part (relation, catalog, oid, version) AS (
    SELECT coalesce(indrelid, attrelid), NULL::regclass, NULL::oid,
           concat_ws(' ', attrelid, attnum, a.xmin)
      FROM pg_attribute AS a LEFT JOIN pg_index ON indexrelid = attrelid WHERE attnum > 0
     UNION ALL
    SELECT adrelid, NULL, NULL, concat(oid, ' ', xmin) FROM pg_attrdef
     UNION ALL
    SELECT conrelid, 'pg_constraint'::regclass, k.oid,
           concat_ws(' ', k.oid, k.xmin, pg_get_constraintdef(k.oid), enabled)
      FROM pg_constraint AS k
      LEFT JOIN (SELECT tgconstraint, string_agg(tgenabled::text, '' ORDER BY oid) AS enabled
                   FROM pg_trigger GROUP BY tgconstraint) AS t ON tgconstraint = k.oid
     WHERE conrelid >= {FIRST_OWN_OID}
     UNION ALL
    SELECT indrelid, 'pg_class'::regclass, i.oid,
           concat_ws(' ', i.oid, x.xmin, relname, reloptions, reltablespace)
      FROM pg_index AS x JOIN pg_class AS i ON i.oid = indexrelid
     UNION ALL
    SELECT tgrelid, 'pg_trigger'::regclass, oid, concat(oid, ' ', xmin)
      FROM pg_trigger WHERE NOT tgisinternal
     UNION ALL
    SELECT polrelid, 'pg_policy'::regclass, oid,
           concat_ws(' ', oid, xmin, pg_get_expr(polqual, polrelid)) FROM pg_policy
     UNION ALL
    SELECT ev_class, 'pg_rewrite'::regclass, oid, concat_ws(' ', oid, xmin, pg_get_ruledef(oid))
      FROM pg_rewrite WHERE ev_class >= {FIRST_OWN_OID}
     UNION ALL
    SELECT stxrelid, 'pg_statistic_ext'::regclass, oid, concat(oid, ' ', xmin)
      FROM pg_statistic_ext
     UNION ALL
    SELECT seqrelid, NULL, NULL, concat_ws(' ', s.xmin, CASE WHEN locked.pid IS NOT NULL
                                                      THEN pg_sequence_last_value(seqrelid) END)
      FROM pg_sequence AS s
      LEFT JOIN pg_locks AS locked ON relation = seqrelid AND locked.pid = pg_backend_pid()
                                  AND locktype = 'relation' AND mode = 'ShareRowExclusiveLock'
     UNION ALL
    SELECT objid, NULL, NULL, concat_ws(' ', 'owned by', refobjid, refobjsubid) FROM pg_depend
     WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND deptype = 'a'
     UNION ALL
    SELECT unnest(ARRAY[inhrelid, inhparent]), NULL, NULL, concat(inhrelid, ' ', xmin)
      FROM pg_inherits
     UNION ALL
    SELECT objoid, NULL, NULL, concat(objsubid, ' ', description) FROM pg_description
     WHERE classoid = 'pg_class'::regclass
), parts AS (
    SELECT relation, md5(string_agg(concat_ws(' ', version, description), ','
                                    ORDER BY version, description)) AS version
      FROM part LEFT JOIN pg_description ON (classoid, objoid) = (catalog, oid)
     WHERE relation >= {FIRST_OWN_OID} GROUP BY relation
), type_part (type, version) AS (
    SELECT enumtypid, concat(oid, ' ', xmin) FROM pg_enum
     UNION ALL
    SELECT contypid, concat_ws(' ', oid, xmin, obj_description(oid, 'pg_constraint'))
      FROM pg_constraint WHERE contypid > 0
), type_parts AS (
    SELECT type, md5(string_agg(version, ',' ORDER BY version)) AS version
      FROM type_part GROUP BY type
)
SELECT 'pg_class', c.oid::bigint,
       concat_ws(' ', c.relname, nspname, c.relowner, c.relacl, c.reloptions, toast.reloptions,
                 c.relpersistence, c.relispartition, c.relispopulated, c.relrowsecurity,
                 c.relforcerowsecurity, c.relreplident, c.reltablespace, version)
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_class AS toast ON toast.oid = c.reltoastrelid
  LEFT JOIN parts ON relation = c.oid
 WHERE c.oid >= {FIRST_OWN_OID} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
   AND c.relpersistence <> 't'
 UNION ALL
SELECT 'pg_type', t.oid::bigint,
       concat_ws(' ', t.xmin, nspname, type_parts.version, parts.version,
                 obj_description(t.oid, 'pg_type'))
  FROM pg_type AS t
  JOIN pg_namespace AS n ON n.oid = typnamespace
  LEFT JOIN pg_class AS c ON c.oid = typrelid
  LEFT JOIN type_parts ON type = t.oid
  LEFT JOIN parts ON relation = typrelid
 WHERE t.oid >= {FIRST_OWN_OID} AND (typtype IN ('e', 'd', 'r') OR relkind = 'c')
 UNION ALL
SELECT 'pg_proc', p.oid::bigint,
       concat_ws(' ', p.xmin, nspname, obj_description(p.oid, 'pg_proc'))
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = pronamespace
 WHERE p.oid >= {FIRST_OWN_OID}
 UNION ALL
SELECT 'pg_namespace', oid::bigint, nspname FROM pg_namespace
 UNION ALL
SELECT 'pg_collation', c.oid::bigint, concat_ws(' ', collname, nspname)
  FROM pg_collation AS c JOIN pg_namespace AS n ON n.oid = collnamespace
 WHERE c.oid >= {FIRST_OWN_OID}
"""
