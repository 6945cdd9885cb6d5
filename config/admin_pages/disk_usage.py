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
    """The size of each index by its name, including those of keys."""
    dead: int
    """The estimated number of rows that the next VACUUM removes."""

    @property
    def all_indexes(self) -> int:
        return sum(self.indexes.values())

    @property
    def total(self) -> int:
        return self.heap + self.all_indexes


DISK_USAGE = """
SELECT c.relname, c.reltuples::bigint, pg_table_size(c.oid),
       coalesce((SELECT jsonb_object_agg(x.relname, coalesce(pg_relation_size(x.oid), 0))
                   FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid
                  WHERE i.indrelid = c.oid), '{}'),
       coalesce(pg_stat_get_dead_tuples(c.oid), 0)
  FROM pg_class AS c
 WHERE c.relnamespace = %s AND c.relkind = 'r'
"""


def read_disk_usage(schema: Schema) -> dict[str, DiskUsage]:
    """Return the disk usage of each table of `schema`, by its name."""
    with connection.cursor() as cursor:
        cursor.execute(DISK_USAGE, [schema.oid])
        return {
            name: DiskUsage(rows, heap, json.loads(indexes), dead)
            for name, rows, heap, indexes, dead in cursor.fetchall()
            if heap is not None  # else the table has been dropped meanwhile
        }
