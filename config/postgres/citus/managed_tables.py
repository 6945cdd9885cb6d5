"""The local tables that Citus manages while foreign keys connect them with reference tables."""

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog import Schema, literal
from config.postgres.citus.declarations import is_cluster
from config.postgres.queries import read_rows

IS_MANAGED = "partmethod = 'n' AND repmodel <> 't' AND colocationid = 0"
"""The condition for managed tables in pg_dist_partition."""
MANAGED_TABLES = f"""
SELECT relname
  FROM pg_dist_partition
  JOIN pg_class ON oid = logicalrelid
 WHERE relnamespace = %s AND {IS_MANAGED} AND autoconverted
 ORDER BY relname
"""
# Citus allows changes of identity columns of managed tables only while DDL is not propagated.
RELEASE = """DO $release$
DECLARE
    numbered record;
    added text[] := '{{}}';
    statement text;
BEGIN
    SET LOCAL citus.enable_ddl_propagation = off;
    FOR numbered IN
        SELECT c.oid::regclass AS name, attname, s.*, seqrelid::regclass::text AS sequence,
               pg_sequence_last_value(seqrelid) AS last,
               CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END AS generated,
               CASE WHEN seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END AS cycle
          FROM pg_dist_partition
          JOIN pg_class AS c ON c.oid = logicalrelid AND pg_has_role(relowner, 'USAGE')
          JOIN pg_attribute ON attrelid = c.oid AND attidentity <> ''
          JOIN pg_sequence AS s
               ON seqrelid = pg_get_serial_sequence(c.oid::regclass::text, attname)::regclass
         WHERE {is_managed}
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER %I DROP IDENTITY', numbered.name, numbered.attname);
        added := added || ARRAY[
            format('ALTER TABLE %s ALTER %I ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %s '
                   'START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s %s)',
                   numbered.name, numbered.attname, numbered.generated, numbered.sequence,
                   numbered.seqstart, numbered.seqincrement, numbered.seqmin, numbered.seqmax,
                   numbered.seqcache, numbered.cycle),
            format('SELECT setval(%L, greatest(max(%I), %L)) FROM %s',
                   numbered.sequence, numbered.attname, numbered.last, numbered.name)];
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
    """Return the local tables that Citus manages, or no tables if there is no Citus.

    Leave out tables that an administrator has added with citus_add_local_table_to_metadata().
    """
    if not is_cluster(connection.alias):
        return []
    return [name for (name,) in read_rows(connection, MANAGED_TABLES, [schema.oid])]


def release(statement: str) -> str:
    """Return a DO block that runs `statement`, which makes Citus stop managing some local tables.

    Citus cannot release a table with an identity column, so the block removes the identities first,
    and adds them again afterwards. Each sequence keeps its options. It continues after the highest
    number in the table, because Citus resets a sequence when it begins to manage the table.
    """
    return RELEASE.format(is_managed=IS_MANAGED, statement=literal(statement.removesuffix(";")))
