"""What no backup holds, because it is part of no table, type or the like, and code may change."""

from collections.abc import Mapping

from django.db.backends.utils import CursorWrapper


def read_unbacked(cursor: CursorWrapper) -> Mapping[str, str]:
    """Return the version of each such thing by its description."""
    cursor.execute(UNBACKED)
    return dict(cursor.fetchall())


UNBACKED = """
SELECT 'the default privileges', md5(string_agg(concat(oid, ' ', xmin), ',' ORDER BY oid))
  FROM pg_default_acl
 UNION ALL
SELECT format('the owner, privileges or comment of schema %I', nspname),
       concat_ws(' ', nspowner, nspacl, obj_description(oid, 'pg_namespace'))
  FROM pg_namespace
 UNION ALL
SELECT 'the owner, privileges, comment or settings of the database',
       concat_ws(' ', datdba, datacl, shobj_description(d.oid, 'pg_database'),
                 (SELECT string_agg(concat(setrole, setconfig), ',' ORDER BY setrole)
                    FROM pg_db_role_setting WHERE setdatabase = d.oid))
  FROM pg_database AS d WHERE datname = current_database()
 UNION ALL
SELECT format('publication %I', pubname),
       concat_ws(' ', p.xmin, (SELECT string_agg(concat(oid, ' ', xmin), ',' ORDER BY oid)
                                 FROM pg_publication_rel WHERE prpubid = p.oid))
  FROM pg_publication AS p
 UNION ALL
SELECT format('event trigger %I', evtname), xmin::text FROM pg_event_trigger
"""
