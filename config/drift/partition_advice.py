"""Advice about partitions: rows in a default partition, and months that are not made in time."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.backends.utils import CursorWrapper

from config.drift.bounds import month_at, read_bound
from config.drift.schemas import SEPARATOR, dotted
from config.postgres.catalog import Schema, quote


def partition_advice(
    cursor: CursorWrapper, schema: Schema, tables: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield a code and a sentence about each of `tables` whose partitions need attention."""
    cursor.execute(PARTITIONED, [list(tables), [_quoted(table, schema) for table in tables]])
    for name, default, has_rows, bounds, now in cursor.fetchall():
        table = dotted(name)
        if has_rows or (has_rows is None and _has_rows(cursor, default)):
            yield (
                "VA08",
                f"Default partition {default} of table {table} has rows, whose months have no "
                "partition. manage.py partitions --from YYYY-MM makes these months and moves the "
                "rows.",
            )
        if not _is_covered(bounds, now.astimezone(UTC)):
            yield (
                "VA09",
                f"Table {table} has no partition for this month or the next one. "
                "manage.py partitions --ahead 6 makes the coming months.",
            )


def _quoted(table: str, schema: Schema) -> str:
    names = table.split(SEPARATOR) if SEPARATOR in table else [schema.name, table]
    return ".".join(map(quote, names))


def _has_rows(cursor: CursorWrapper, partition: str) -> bool:
    # PostgreSQL has quoted the name.
    cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {partition})")  # noqa: S608
    [(has_rows,)] = cursor.fetchall()
    return bool(has_rows)


def _is_covered(bounds: Sequence[Any], now: datetime) -> bool:
    """Return whether each time from now to the end of the next month has its partition.

    It need not have one before the first month is made.
    """
    ranges = sorted(bound for text in bounds or () if (bound := read_bound(text)))
    covered, end = now, month_at(month_at(now).end).end
    for bound in ranges:
        if bound.start <= covered < bound.end:
            covered = bound.end
    return covered >= end or not ranges


# Whether the default partition has rows is NULL if that can be looked up: an estimate serves a role
# that may not read them.
PARTITIONED = """
SELECT wanted.name, d.oid::regclass::text,
       CASE WHEN NOT has_table_privilege(d.oid, 'SELECT')
            THEN pg_stat_get_live_tuples(d.oid) > 0
            WHEN d.oid IS NULL THEN false END,
       (SELECT array_agg(pg_get_expr(c.relpartbound, c.oid))
          FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
         WHERE i.inhparent = p.partrelid),
       now()
  FROM unnest(%s::text[], %s::text[]) AS wanted (name, quoted)
  JOIN pg_partitioned_table AS p ON p.partrelid = to_regclass(wanted.quoted)
  LEFT JOIN pg_class AS d ON d.oid = p.partdefid
 WHERE p.partstrat = 'r'
 ORDER BY wanted.name
"""
