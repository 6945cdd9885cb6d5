"""Values that change because their column gets another type."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db import DatabaseError, transaction
from django.db.backends.utils import CursorWrapper


class ColumnType(NamedTuple):
    """A column, and the type that it has now."""

    table: int
    number: int
    type: str


def read_column_types(cursor: CursorWrapper, tables: Collection[int]) -> list[ColumnType]:
    cursor.execute(COLUMNS, [list(tables)])
    return [ColumnType(*row) for row in cursor.fetchall()]


def count_converted(
    cursor: CursorWrapper, column_types: Collection[ColumnType]
) -> Mapping[str, int]:
    """Return how many values change if the `column_types` get those types again, by the change."""
    counts = Counter[str]()
    for column in column_types:
        cursor.execute(CONVERTED, column)
        for table, name, old_type, whole in cursor.fetchall():
            if count := _count_changed(
                cursor, table, name, f"{name}::{column.type}::{old_type}::text"
            ):
                counts[f"column {whole}.{name}, which change to {column.type}"] += count
    return counts


def _count_changed(cursor: CursorWrapper, table: str, name: str, round_trip: str) -> int:
    """Return how many values do not come back; all, if a cast alone is not what converts them."""
    count = f"SELECT count({name}) FROM ONLY {table}"
    try:
        with transaction.atomic(using=cursor.db.alias):
            cursor.execute(f"{count} WHERE {round_trip} <> {name}::text")
            [(number,)] = cursor.fetchall()
    except DatabaseError:
        cursor.execute(count)
        [(number,)] = cursor.fetchall()
    return int(number)


COLUMNS = """
SELECT attrelid::bigint, attnum::int, format_type(atttypid, atttypmod) FROM pg_attribute
 WHERE attrelid = ANY (%s::oid[]) AND attnum > 0 AND NOT attisdropped
"""
# A type that the rollback makes itself is not there. It is an enum type, whose labels stay.
CONVERTED = """
SELECT attrelid::regclass::text, quote_ident(attname), old.type,
       coalesce(pg_partition_root(attrelid), attrelid)::regclass::text
  FROM pg_attribute
 CROSS JOIN format_type(atttypid, atttypmod) AS old (type)
 CROSS JOIN (SELECT %s::oid, %s::int, %s::text) AS new (relation, number, type)
 WHERE (attrelid, attnum) = (relation, number) AND old.type <> new.type
   AND to_regtype(new.type) IS NOT NULL AND NOT attisdropped
"""
