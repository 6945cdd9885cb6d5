"""The numbers of rows that a rollback destroys, estimated if counting takes too long."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import OperationalError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import errors

from config.postgres import LEDGER, every_row, execute, read_rows
from config.rollback.dropped_objects import Dropped
from config.rollback.inventory import HOLDS_NUMBER, DroppedObject

COUNTING_SECONDS = 5.0  # for all tables together; later tables are estimated
FILLED_BY_MIGRATE = {"django_content_type", "auth_permission"}


@dataclass(frozen=True)
class RowCount:
    """The number and size of the rows of a table, or of the values of a column except NULL."""

    count: int
    is_exact: bool
    bytes: int
    """The size on disk; for a table, with its indexes and its TOAST table."""


@dataclass(frozen=True)
class Losses:
    """The rows and values in the tables and columns that a rollback drops."""

    objects: Mapping[DroppedObject, RowCount]

    def total(self, objects: Sequence[DroppedObject]) -> RowCount:
        counts = [self.objects[obj] for obj in objects]
        return RowCount(
            sum(each.count for each in counts),
            all(each.is_exact for each in counts),
            sum(each.bytes for each in counts),
        )


def read_losses(connection: BaseDatabaseWrapper, dropped: Dropped) -> Losses:
    """Count the rows and values that are dropped, without blocking writers.

    Raise CommandError if row level security hides rows from the role.
    """
    deadline = time.monotonic() + COUNTING_SECONDS
    objects = [obj for obj in dropped.objects if obj.holds_data and obj.name != LEDGER]
    with every_row(connection):
        return Losses({obj: _read_count(connection, obj, deadline) for obj in objects})


def destroys_data(dropped: Dropped, losses: Losses) -> bool:
    """Return True if the rollback may destroy data that `migrate` does not create again."""
    return bool(
        dropped.runs_code
        or any(lost.count for lost in losses.objects.values())
        or dropped.of_kind(HOLDS_NUMBER)
        or dropped.of_kind("large object")
        or dropped.rows.deleted
        or dropped.rows.converted
        or not FILLED_BY_MIGRATE.issuperset(dropped.rows.forgotten)
    )


def _read_count(connection: BaseDatabaseWrapper, obj: DroppedObject, deadline: float) -> RowCount:
    seconds = deadline - time.monotonic()
    [(is_partitioned, size)] = read_rows(connection, TABLE, [obj.address.oid])
    # Exclude the rows of tables that inherit from this table. They are separate objects.
    table = obj.name if is_partitioned or obj.column else f"ONLY {obj.name}"
    if seconds > 0:
        try:
            with transaction.atomic(using=connection.alias):
                return _count(connection, table, size, obj.column, seconds)
        except OperationalError as error:
            if not isinstance(error.__cause__, errors.QueryCanceled):
                raise
    return _estimate(connection, table, size, obj)


def _count(
    connection: BaseDatabaseWrapper, table: str, size: int, column: str, seconds: float
) -> RowCount:
    figures = f"count(*), {size}"
    if column:
        figures = f"count({column}), coalesce(sum(pg_column_size({column})), 0)::bigint"
    execute(connection, f"SET LOCAL statement_timeout = {max(1, seconds * 1000):.0f}")
    [(count, size)] = read_rows(connection, f"SELECT {figures} FROM {table}")
    transaction.set_rollback(True, using=connection.alias)  # restores statement_timeout
    return RowCount(count, True, size)


def _estimate(
    connection: BaseDatabaseWrapper, table: str, size: int, obj: DroppedObject
) -> RowCount:
    """Return the planner's estimate, which exists even for a table that was never analysed."""
    [(plan,)] = read_rows(connection, f"EXPLAIN (FORMAT JSON) SELECT FROM {table}")
    rows = int((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plan Rows"])
    if not obj.column:
        return RowCount(rows, False, size)
    address = obj.address
    [(width, null_fraction)] = read_rows(connection, STATISTICS, [address.number, address.oid])
    values = round(rows * (1 - null_fraction))
    return RowCount(values, False, values * width)


STATISTICS = """
SELECT coalesce(s.avg_width, 8), coalesce(s.null_frac, 0)
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = relnamespace
  LEFT JOIN pg_attribute AS a ON (attrelid, attnum) = (c.oid, %s)
  LEFT JOIN pg_stats AS s ON (schemaname, tablename, s.attname) = (nspname, relname, a.attname)
 WHERE c.oid = %s
"""
TABLE = """
SELECT relkind = 'p', (
       SELECT coalesce(sum(pg_total_relation_size(part)), 0)::bigint
         FROM (SELECT c.oid UNION SELECT relid FROM pg_partition_tree(c.oid)) AS parts (part))
  FROM pg_class AS c WHERE oid = %s
"""
