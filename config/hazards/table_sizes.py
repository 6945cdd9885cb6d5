"""Sizes of tables as PostgreSQL estimates them, without counting rows."""

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from config.console import counted, counted_bytes

SMALL = 16 * 1024 * 1024
"""The bytes, indexes included, that PostgreSQL can rewrite in a fraction of a second."""


@dataclass(frozen=True)
class TableSize:
    """The size of a table with its indexes. `rows` is None until ANALYZE has estimated it."""

    rows: int | None
    bytes: int

    @property
    def is_small(self) -> bool:
        return self.bytes < SMALL

    def __str__(self) -> str:
        size = counted_bytes(self.bytes)
        return size if self.rows is None else f"about {counted(self.rows, 'row')}, {size}"


type TableSizes = dict[str, TableSize]


def read_table_sizes(connection: BaseDatabaseWrapper) -> TableSizes:
    """Return the size of each table in the search path, by name."""
    with connection.cursor() as cursor:
        cursor.execute(SIZES)
        # A table that has been dropped meanwhile has no size.
        found = cursor.fetchall()
        return {name: TableSize(rows, size) for name, rows, size in found if size is not None}


# A partitioned table has the rows and bytes of its partitions.
# pg_total_relation_size() locks the table and its indexes; while another session has one of them
# locked, estimate from relpages instead.
SIZES = """
WITH locked AS (
    SELECT coalesce(indrelid, relation) FROM pg_locks LEFT JOIN pg_index ON indexrelid = relation
     WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock'
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
SELECT whole.relname, sum(part.reltuples) FILTER (WHERE part.reltuples >= 0)::bigint,
       sum(CASE WHEN part.oid IN (TABLE locked)
                THEN part.relpages * current_setting('block_size')::bigint
                ELSE pg_total_relation_size(part.oid) END)::bigint
  FROM pg_class AS whole
  LEFT JOIN pg_inherits ON inhparent = whole.oid AND whole.relkind = 'p'
  JOIN pg_class AS part ON part.oid = coalesce(inhrelid, whole.oid)
 WHERE whole.relkind IN ('r', 'p', 'm') AND pg_table_is_visible(whole.oid)
   AND whole.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
 GROUP BY whole.oid, whole.relname
"""
