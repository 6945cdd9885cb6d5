"""The versions of objects and settings that code may change, but no backup contains."""

from collections.abc import Mapping
from typing import NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres import read_rows
from config.rollback.inventory import FIRST_OWN_OID, NOT_IN_BACKUP


class Unbacked(NamedTuple):
    """An object or setting that no backup contains, and its version."""

    description: str
    version: str


def read_unbacked(connection: BaseDatabaseWrapper) -> Mapping[str, Unbacked]:
    """Return the objects and settings by keys that stay the same after a rename."""
    return {key: Unbacked(*row) for key, *row in read_rows(connection, UNBACKED)}


OTHER_CATALOGS = "\n         UNION ALL\n        ".join(
    f"SELECT '{catalog}', oid, concat_ws(' ', xmin, obj_description(oid, '{catalog}'))"
    f"  FROM {catalog}"
    for catalog in NOT_IN_BACKUP
)
# Not every role may read roles and large objects. The locks and statistics of this transaction show
# changes to roles and large objects.
UNBACKED = f"""
SELECT concat(catalog, oid), concat_ws(' ', type, identity), version
  FROM (SELECT 'pg_publication', oid, concat_ws(' ', xmin, obj_description(oid, 'pg_publication'), (
               SELECT string_agg(concat(r.oid, ' ', r.xmin), ',' ORDER BY r.oid)
                 FROM pg_publication_rel AS r WHERE prpubid = p.oid), (
               SELECT string_agg(concat(s.oid, ' ', s.xmin), ',' ORDER BY s.oid)
                 FROM pg_publication_namespace AS s WHERE pnpubid = p.oid))
          FROM pg_publication AS p
         UNION ALL
        SELECT 'pg_ts_config', oid, concat_ws(' ', xmin, obj_description(oid, 'pg_ts_config'), (
               SELECT string_agg(concat(maptokentype, mapseqno, ' ', m.xmin), ','
                                 ORDER BY maptokentype, mapseqno)
                 FROM pg_ts_config_map AS m WHERE mapcfg = c.oid))
          FROM pg_ts_config AS c
         UNION ALL
        {OTHER_CATALOGS}) AS object (catalog, oid, version),
       pg_identify_object(catalog::regclass, oid, 0)
 WHERE oid >= {FIRST_OWN_OID}
 UNION ALL
SELECT description, description, version FROM (
    SELECT 'the default privileges', md5(string_agg(concat(oid, ' ', xmin), ',' ORDER BY oid))
      FROM pg_default_acl
     UNION ALL
    SELECT format('the owner, privileges or comment of schema %I', nspname),
           concat_ws(' ', nspowner, nspacl, obj_description(oid, 'pg_namespace'))
      FROM pg_namespace
     UNION ALL
    SELECT format('the owner or comment of collation %s', oid::regcollation),
           concat_ws(' ', collowner, obj_description(oid, 'pg_collation'))
      FROM pg_collation WHERE oid >= {FIRST_OWN_OID}
     UNION ALL
    SELECT 'the owner, privileges, comment or settings of the database',
           concat_ws(' ', datdba, datacl, shobj_description(d.oid, 'pg_database'),
                     (SELECT string_agg(concat(setrole, setconfig), ',' ORDER BY setrole)
                        FROM pg_db_role_setting WHERE setdatabase = d.oid))
      FROM pg_database AS d WHERE datname = current_database()
     UNION ALL
    SELECT 'the settings of roles',
           md5(string_agg(concat(setrole, setconfig), ',' ORDER BY setrole))
      FROM pg_db_role_setting WHERE setdatabase = 0
     UNION ALL
    SELECT 'roles or their memberships', count(*)::text FROM pg_locks
     WHERE pid = pg_backend_pid() AND mode = 'RowExclusiveLock'
       AND relation IN ('pg_authid'::regclass, 'pg_auth_members'::regclass)
     UNION ALL
    SELECT 'the contents of large objects',
           concat_ws(' ', pg_stat_get_xact_tuples_inserted(oid),
                     pg_stat_get_xact_tuples_updated(oid), pg_stat_get_xact_tuples_deleted(oid))
      FROM pg_class WHERE oid = 'pg_largeobject'::regclass
) AS other (description, version)
"""
