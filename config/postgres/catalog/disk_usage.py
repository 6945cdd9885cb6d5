"""The disk usage of tables and indexes, read from the catalog in one query."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog.catalog import Schema
from config.postgres.queries import read_rows


@dataclass(frozen=True)
class DiskUsage:
    """The disk usage of a table, in bytes."""

    rows: int | None
    """The estimate of the last VACUUM or ANALYZE, or None before the first."""
    heap: int
    """The size of the rows, including TOAST."""
    indexes: Mapping[str, int] = field(default_factory=dict)
    """The size of each index by its name, including the indexes of keys."""
    dead: int = 0
    """The estimated number of rows that the next VACUUM removes."""

    @property
    def all_indexes(self) -> int:
        return sum(self.indexes.values())

    @property
    def total(self) -> int:
        return self.heap + self.all_indexes


# The sizes of a partitioned table and of its indexes are sums over the partitions.
# The functions that return sizes wait for locks. While another session has locked a table or one of
# its indexes, relpages gives an estimate instead.
DISK_USAGE = """
WITH locked AS (
    SELECT coalesce(indrelid, relation) FROM pg_locks LEFT JOIN pg_index ON indexrelid = relation
     WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock' AND pid <> pg_backend_pid()
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
), part AS (
    SELECT whole.oid AS whole, whole.relname AS name, p.oid, reltuples, relpages,
           p.oid IN (TABLE locked) AS is_locked, current_setting('block_size')::bigint AS page
      FROM (SELECT oid, relname, relkind FROM pg_class
             WHERE relkind IN ('r', 'p', 'm') AND pg_table_is_visible(oid)
               AND coalesce(relnamespace = %s, relnamespace NOT IN
                   ('pg_catalog'::regnamespace, 'information_schema'::regnamespace))) AS whole
      LEFT JOIN pg_inherits ON inhparent = whole.oid AND relkind = 'p'
      JOIN pg_class AS p ON p.oid = coalesce(inhrelid, whole.oid)
), index_size AS (
    SELECT whole, coalesce(inhparent, x.oid) AS oid,
           CASE WHEN is_locked THEN x.relpages * page ELSE pg_relation_size(x.oid) END AS bytes
      FROM part JOIN pg_index ON indrelid = part.oid JOIN pg_class AS x ON x.oid = indexrelid
      LEFT JOIN pg_inherits ON inhrelid = x.oid
), index_sizes AS (
    SELECT whole, relname AS name, sum(coalesce(bytes, 0)) AS bytes
      FROM index_size JOIN pg_class USING (oid) GROUP BY whole, relname
)
SELECT name, sum(reltuples) FILTER (WHERE reltuples >= 0)::bigint,
       sum(CASE WHEN is_locked THEN relpages * page ELSE pg_table_size(oid) END)::bigint,
       coalesce((SELECT jsonb_object_agg(i.name, i.bytes) FROM index_sizes AS i
                  WHERE i.whole = part.whole), '{}'),
       sum(coalesce(pg_stat_get_dead_tuples(oid), 0))::bigint
  FROM part GROUP BY whole, name
"""


def read_disk_usage(
    connection: BaseDatabaseWrapper, schema: Schema | None = None
) -> dict[str, DiskUsage]:
    """Return the disk usage of the tables of one schema, or of the search path, by table name."""
    rows_read = read_rows(connection, DISK_USAGE, [schema.oid if schema else None])
    return {
        name: DiskUsage(rows, heap, json.loads(indexes), dead)
        for name, rows, heap, indexes, dead in rows_read
        if heap is not None  # None if the table has been dropped meanwhile
    }
