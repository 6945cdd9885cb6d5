"""How big the tables are that a plan is about, without counting."""

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper
from django.template.defaultfilters import filesizeformat

SMALL = 16 * 1024 * 1024
"""Bytes, with indexes, that PostgreSQL reads or writes anew in a fraction of a second."""


@dataclass(frozen=True)
class Size:
    """Of a table: its rows, as ANALYZE has estimated them, or None; and its bytes on disk."""

    rows: int | None
    bytes: int

    @property
    def is_small(self) -> bool:
        return self.bytes < SMALL

    def __str__(self) -> str:
        size = filesizeformat(self.bytes).replace("\xa0", " ")
        return size if self.rows is None else f"about {self.rows:,} rows, {size}"


type Sizes = dict[str, Size]


def read_sizes(connection: BaseDatabaseWrapper) -> Sizes:
    """By name, of each table that the search path finds."""
    with connection.cursor() as cursor:
        cursor.execute(SIZES)
        return {name: Size(rows, size) for name, rows, size in cursor.fetchall()}


# The size on disk is behind a lock, for which nobody shall wait here.
SIZES = """
SELECT relname, nullif(greatest(reltuples, -1), -1)::bigint,
       CASE WHEN EXISTS (SELECT FROM pg_locks WHERE relation = pg_class.oid
                            AND locktype = 'relation' AND mode = 'AccessExclusiveLock')
            THEN relpages * current_setting('block_size')::bigint
            ELSE pg_total_relation_size(oid) END
  FROM pg_class
 WHERE relkind IN ('r', 'p', 'm') AND pg_table_is_visible(oid)
   AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
"""
