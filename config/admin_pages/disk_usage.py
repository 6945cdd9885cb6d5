"""The disk usage of tables and indexes, read from the catalog in one query."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from config.postgres.catalog import Schema


@dataclass(frozen=True)
class DiskUsage:
    """The disk usage of a table, in bytes."""

    rows: int
    """The estimate of the last VACUUM or ANALYZE, or -1 before the first."""
    heap: int
    """The size of the rows, including TOAST."""
    indexes: Mapping[str, int]
    """The size of each index by its name, including the indexes of keys."""
    dead: int
    """The estimated number of rows that the next VACUUM removes."""

    @property
    def all_indexes(self) -> int:
        return sum(self.indexes.values())

    @property
    def total(self) -> int:
        return self.heap + self.all_indexes


# The sizes of a partitioned table and of its indexes are sums over the partitions.
DISK_USAGE = """
WITH part AS (
    SELECT c.oid AS table_oid, c.relname AS name, coalesce(inhrelid, c.oid) AS oid
      FROM pg_class AS c LEFT JOIN pg_inherits ON inhparent = c.oid AND c.relkind = 'p'
     WHERE c.relnamespace = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition
), index_size AS (
    SELECT indrelid, coalesce(inhparent, indexrelid) AS oid, pg_relation_size(indexrelid) AS bytes
      FROM pg_index LEFT JOIN pg_inherits ON inhrelid = indexrelid
), index_sizes AS (
    SELECT table_oid, x.relname AS name, sum(coalesce(bytes, 0)) AS bytes
      FROM part JOIN index_size ON indrelid = part.oid JOIN pg_class AS x ON x.oid = index_size.oid
     GROUP BY table_oid, x.relname
)
SELECT name,
       coalesce(sum(reltuples) FILTER (WHERE reltuples >= 0), -1)::bigint,
       sum(pg_table_size(part.oid))::bigint,
       coalesce((SELECT jsonb_object_agg(i.name, i.bytes) FROM index_sizes AS i
                  WHERE i.table_oid = part.table_oid), '{}'),
       sum(coalesce(pg_stat_get_dead_tuples(part.oid), 0))::bigint
  FROM part JOIN pg_class AS p ON p.oid = part.oid
 GROUP BY table_oid, name
"""


def read_disk_usage(schema: Schema) -> dict[str, DiskUsage]:
    """Return the disk usage of each table of `schema`, by its name."""
    with connection.cursor() as cursor:
        cursor.execute(DISK_USAGE, [schema.oid])
        return {
            name: DiskUsage(rows, heap, json.loads(indexes), dead)
            for name, rows, heap, indexes, dead in cursor.fetchall()
            if heap is not None  # None if the table has been dropped meanwhile
        }
