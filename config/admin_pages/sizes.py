"""How large tables and indexes are, from the catalog: a fixed number of queries, no row read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog import Schema


@dataclass(frozen=True)
class Size:
    """What a table takes on disk, in bytes."""

    rows: int
    """An estimate of the last vacuum or analyze; -1: there was none yet."""
    heap: int
    """With what is stored out of line."""
    indexes: Mapping[str, int]
    """By name, the keys' too."""
    dead: int
    """Rows that the next vacuum frees; an estimate."""

    @property
    def all_indexes(self) -> int:
        return sum(self.indexes.values())

    @property
    def total(self) -> int:
        return self.heap + self.all_indexes


SIZES = """
SELECT c.relname, c.reltuples::bigint, pg_table_size(c.oid),
       coalesce((SELECT jsonb_object_agg(x.relname, pg_relation_size(x.oid))
                   FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid
                  WHERE i.indrelid = c.oid), '{}'),
       coalesce(pg_stat_get_dead_tuples(c.oid), 0)
  FROM pg_class AS c
 WHERE c.relnamespace = %s AND c.relkind = 'r'
"""


def read_sizes(connection: BaseDatabaseWrapper, schema: Schema) -> dict[str, Size]:
    """By name of a table."""
    with connection.cursor() as cursor:
        cursor.execute(SIZES, [schema.oid])
        return {
            name: Size(rows, heap, json.loads(indexes), dead)
            for name, rows, heap, indexes, dead in cursor.fetchall()
        }
