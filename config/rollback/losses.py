"""The rows that a rollback would destroy: counted where that takes a moment, else estimated."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.deletion import Collector
from psycopg import errors

from config.migrating import stale_content_types
from config.rollback.dropped_objects import Dropped, DroppedObject
from config.rollback.plan import Rollback

COUNTING_SECONDS = 5.0  # for all tables; the rest is estimated
MADE_BY_MIGRATE = {"django_content_type", "auth_permission"}


@dataclass(frozen=True)
class RowCount:
    """The number and size of the rows of a table, or of the values of a column, without NULLs."""

    count: int
    is_exact: bool
    bytes: int
    """On disk: of a table with its indexes and its TOAST table."""


@dataclass(frozen=True)
class Losses:
    """All rows and values that a rollback destroys."""

    objects: Mapping[DroppedObject, RowCount]
    forgotten: Mapping[str, int]
    """Rows of Django's tables about the models that are removed, by table."""

    def total(self, objects: Sequence[DroppedObject]) -> RowCount:
        counts = [self.objects[obj] for obj in objects]
        return RowCount(
            sum(each.count for each in counts),
            all(each.is_exact for each in counts),
            sum(each.bytes for each in counts),
        )


def read_losses(connection: BaseDatabaseWrapper, rollback: Rollback, dropped: Dropped) -> Losses:
    """Count the rows in what is dropped. Takes no locks that would block writers."""
    deadline = time.monotonic() + COUNTING_SECONDS
    with transaction.atomic(using=connection.alias):
        return Losses(
            {
                obj: _read_count(connection, obj, deadline)
                for undone in dropped.operations
                for obj in undone.objects
            },
            dict(_count_forgotten(rollback, dropped, connection.alias)),
        )


def destroys_data(dropped: Dropped, losses: Losses) -> bool:
    """Return whether a rollback destroys, or may destroy, what `migrate` would not make again."""
    return (
        dropped.runs_code
        or any(lost.count for lost in losses.objects.values())
        or not MADE_BY_MIGRATE.issuperset(losses.forgotten)
    )


def _read_count(connection: BaseDatabaseWrapper, obj: DroppedObject, deadline: float) -> RowCount:
    seconds = deadline - time.monotonic()
    if seconds > 0:
        try:
            with transaction.atomic(using=connection.alias):
                return _count(connection, obj, seconds)
        except OperationalError as error:
            if not isinstance(error.__cause__, errors.QueryCanceled):
                raise
    return _estimate(connection, obj)


def _count(connection: BaseDatabaseWrapper, obj: DroppedObject, seconds: float) -> RowCount:
    quote = connection.ops.quote_name
    table = quote(obj.table)
    if obj.column:
        column = quote(obj.column)
        figures = f"count({column}), coalesce(sum(pg_column_size({column})), 0)::bigint"
    else:
        figures = "count(*), pg_total_relation_size(%s)"
    with connection.cursor() as cursor:
        milliseconds = f"{max(1, seconds * 1000):.0f}"
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [milliseconds])
        cursor.execute(f"SELECT {figures} FROM {table}", [] if obj.column else [table])  # noqa: S608
        count, size = cursor.fetchone()
    transaction.set_rollback(True, using=connection.alias)  # to the timeout before
    return RowCount(count, True, size)


def _estimate(connection: BaseDatabaseWrapper, obj: DroppedObject) -> RowCount:
    """Ask the planner, which estimates tables that were never analysed from their size."""
    table = connection.ops.quote_name(obj.table)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) SELECT FROM {table}")
        [(plan,)] = cursor.fetchall()
        rows = int((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plan Rows"])
        cursor.execute(
            """
            SELECT pg_total_relation_size(oid), coalesce(s.avg_width, 8), coalesce(s.null_frac, 0)
              FROM pg_class
              LEFT JOIN pg_stats AS s ON s.schemaname = relnamespace::regnamespace::text
                                     AND s.tablename = relname AND s.attname = %s
             WHERE oid = %s::regclass
            """,
            [obj.column, table],
        )
        total, width, null_fraction = cursor.fetchone()
    if not obj.column:
        return RowCount(rows, False, total)
    values = round(rows * (1 - null_fraction))
    return RowCount(values, False, values * width)


def _count_forgotten(rollback: Rollback, dropped: Dropped, alias: str) -> Iterator[tuple[str, int]]:
    """Yield how many rows of which table are deleted together with the stale content types.

    Tables that are dropped themselves do not count.
    """
    stale = stale_content_types(dropped.models, rollback.after.apps, alias)
    if stale is None:
        return
    collector: Any = Collector(using=alias)
    collector.collect(stale)
    counts = {model._meta.db_table: len(rows) for model, rows in collector.data.items()}
    for rows in collector.fast_deletes:
        table = rows.model._meta.db_table
        counts[table] = counts.get(table, 0) + rows.count()
    yield from ((table, counts[table]) for table in sorted(counts) if counts[table])
