"""The local tables that Citus manages while foreign keys connect them with reference tables."""

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog import Schema, literal
from config.postgres.citus.declarations import is_cluster
from config.postgres.queries import read_rows

MANAGED = """
SELECT c.relname
  FROM pg_dist_partition AS p
  JOIN pg_class AS c ON c.oid = p.logicalrelid
 WHERE c.relnamespace = %s AND p.partmethod = 'n' AND p.repmodel <> 't' AND p.colocationid = 0
 ORDER BY c.relname
"""
RELEASE = """DO $release$
DECLARE
    numbered record;
    added text[] := '{{}}';
    statement text;
BEGIN
    SET LOCAL citus.enable_ddl_propagation = off;
    FOR numbered IN
        SELECT attrelid::regclass AS name, attname, pg_get_serial_sequence(
                   attrelid::regclass::text, attname) AS sequence,
               CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END AS generated
          FROM pg_attribute JOIN pg_dist_partition ON logicalrelid = attrelid
         WHERE partmethod = 'n' AND repmodel <> 't' AND colocationid = 0 AND attidentity <> ''
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER %I DROP IDENTITY', numbered.name, numbered.attname);
        added := added || ARRAY[
            format('ALTER TABLE %s ALTER %I ADD GENERATED %s AS IDENTITY', numbered.name,
                   numbered.attname, numbered.generated),
            format('SELECT setval(%L, max(%I)) FROM %s', numbered.sequence, numbered.attname,
                   numbered.name)];
    END LOOP;
    SET LOCAL citus.enable_ddl_propagation = on;
    EXECUTE {statement};
    SET LOCAL citus.enable_ddl_propagation = off;
    FOREACH statement IN ARRAY added LOOP
        EXECUTE statement;
    END LOOP;
    SET LOCAL citus.enable_ddl_propagation = on;
END
$release$;"""


def read_managed(connection: BaseDatabaseWrapper, schema: Schema) -> list[str]:
    """Return the names of the local tables that Citus manages, which are none without Citus."""
    if not is_cluster(connection.alias):
        return []
    return [name for (name,) in read_rows(connection, MANAGED, [schema.oid])]


def release(statement: str) -> str:
    """Return a block that runs a statement with which Citus gives up managed tables.

    Citus cannot give up a table with an identity column, so the block removes the identities for
    that time. Afterwards numbers go on after the highest, because Citus resets the sequence of a
    table when it begins to manage it.
    """
    return RELEASE.format(statement=literal(statement.removesuffix(";")))
