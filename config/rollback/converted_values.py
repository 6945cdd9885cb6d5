"""The values that change because the type of their column changes."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db import DatabaseError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres import read_rows


class ColumnType(NamedTuple):
    """A column (table oid and column number), and the type after the rollback."""

    table: int
    number: int
    type: str


def read_column_types(connection: BaseDatabaseWrapper, tables: Collection[int]) -> list[ColumnType]:
    return [ColumnType(*row) for row in read_rows(connection, COLUMN_TYPES, [list(tables)])]


def count_converted(
    connection: BaseDatabaseWrapper, columns: Collection[ColumnType]
) -> Mapping[str, int]:
    """Return the number of values that the new types change, by description of the change."""
    counts = Counter[str]()
    for column in columns:
        for partition, name, old_type, table in read_rows(connection, CONVERTED, column):
            round_trip = f"{name}::{column.type}::{old_type}::text"
            if count := _count_changed(connection, partition, name, round_trip):
                counts[f"column {table}.{name}, converted to {column.type}"] += count
    return counts


def _count_changed(connection: BaseDatabaseWrapper, table: str, name: str, round_trip: str) -> int:
    """Count the values that the casts in `round_trip` change, or all values if a cast fails."""
    count = f"SELECT count({name}) FROM ONLY {table}"
    try:
        with transaction.atomic(using=connection.alias):
            [(number,)] = read_rows(connection, f"{count} WHERE {round_trip} <> {name}::text")
    except DatabaseError:
        [(number,)] = read_rows(connection, count)
    return int(number)


COLUMN_TYPES = """
SELECT attrelid::bigint, attnum::int, format_type(atttypid, atttypmod) FROM pg_attribute
 WHERE attrelid = ANY (%s::oid[]) AND attnum > 0 AND NOT attisdropped
"""
# Leave out a type that does not exist yet. The rollback creates it as an enum type with the same
# labels, so no value changes.
CONVERTED = """
SELECT attrelid::regclass::text, quote_ident(attname), old.type,
       coalesce(pg_partition_root(attrelid), attrelid)::regclass::text
  FROM pg_attribute
 CROSS JOIN format_type(atttypid, atttypmod) AS old (type)
 CROSS JOIN (SELECT %s::oid, %s::int, %s::text) AS new (relation, number, type)
 WHERE (attrelid, attnum) = (relation, number) AND old.type <> new.type
   AND to_regtype(new.type) IS NOT NULL AND NOT attisdropped
"""
