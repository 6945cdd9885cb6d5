"""How much a rollback would destroy: exact where it can be counted in a moment, else estimated."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError
from django.db import OperationalError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.deletion import Collector
from psycopg import errors

from config.migrating import ModelKey, stale_content_types
from config.rollback.objects import Gone, Part

COUNTING_SECONDS = 5.0  # for all tables; after that the planner's estimates have to do


@dataclass(frozen=True)
class Size:
    """Rows of a table, or values of a column that are not NULL, and what they take."""

    count: int
    is_exact: bool
    bytes: int
    """On disk: of a table with its indexes and its TOAST table."""


@dataclass(frozen=True)
class Sizes:
    parts: Mapping[Part, Size]
    forgotten: Mapping[str, int]
    """Rows of Django's tables that tell of the models which are gone, by table."""

    def total(self, parts: Sequence[Part]) -> Size:
        sizes = [self.parts[part] for part in parts]
        return Size(
            sum(size.count for size in sizes),
            all(size.is_exact for size in sizes),
            sum(size.bytes for size in sizes),
        )


def read_sizes(connection: BaseDatabaseWrapper, gone: Gone, apps_after: Any) -> Sizes:
    """Count what `gone` has in it. Takes no locks that would keep anybody from writing.

    Raises CommandError if one of its tables or columns is not there.
    """
    deadline = time.monotonic() + COUNTING_SECONDS
    with transaction.atomic(using=connection.alias):
        check_exist(connection, gone)
        parts = {part: _read_size(connection, part, deadline) for part in gone.parts}
        forgotten = dict(_count_forgotten(gone.models, apps_after, connection.alias))
        return Sizes(parts, forgotten)


def destroys_data(gone: Gone, sizes: Sizes) -> bool:
    """Whether something goes that `migrate` would not make again, or might."""
    runs_code = any(item.runs_code for _, undone in gone.steps for item in undone)
    made_by_migrate = {"django_content_type", "auth_permission"}
    return (
        runs_code
        or any(size.count for size in sizes.parts.values())
        or not made_by_migrate.issuperset(sizes.forgotten)
    )


def check_exist(connection: BaseDatabaseWrapper, gone: Gone) -> None:
    """Raises CommandError if a migration on record has made something that is not there."""
    with connection.cursor() as cursor:
        for migration, undone in gone.steps:
            for part in [part for item in undone for part in item.parts]:
                cursor.execute(EXISTS, [part.table, part.column])
                if cursor.fetchone() is None:
                    kind = "column" if part.column else "table"
                    raise CommandError(
                        f"Cannot roll back {migration}: its {kind} {part} is not in the database. "
                        "Nothing was changed. manage.py verify_schema tells what else is amiss."
                    )


EXISTS = """
    SELECT FROM pg_attribute AS a
     WHERE attrelid = to_regclass(quote_ident(%s)) AND NOT attisdropped
       AND attname = coalesce(nullif(%s, ''), 'tableoid')
"""


def _read_size(connection: BaseDatabaseWrapper, part: Part, deadline: float) -> Size:
    seconds = deadline - time.monotonic()
    if seconds > 0:
        try:
            with transaction.atomic(using=connection.alias):
                return _count(connection, part, seconds)
        except OperationalError as error:
            if not isinstance(error.__cause__, errors.QueryCanceled):
                raise
    return _estimate(connection, part)


def _count(connection: BaseDatabaseWrapper, part: Part, seconds: float) -> Size:
    quote = connection.ops.quote_name
    table = quote(part.table)
    if part.column:
        column = quote(part.column)
        figures = f"count({column}), coalesce(sum(pg_column_size({column})), 0)::bigint"
    else:
        figures = "count(*), pg_total_relation_size(%s)"
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        [usual] = cursor.fetchone()
        timeout = "SELECT set_config('statement_timeout', %s, true)"
        cursor.execute(timeout, [f"{max(1, seconds * 1000):.0f}"])
        cursor.execute(f"SELECT {figures} FROM {table}", [] if part.column else [table])  # noqa: S608
        count, size = cursor.fetchone()
        cursor.execute(timeout, [usual])
    return Size(count, True, size)


def _estimate(connection: BaseDatabaseWrapper, part: Part) -> Size:
    """By the planner, which knows tables that were never analysed, too, from their size."""
    table = connection.ops.quote_name(part.table)
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
            [part.column, table],
        )
        total, width, null_fraction = cursor.fetchone()
    if not part.column:
        return Size(rows, False, total)
    values = round(rows * (1 - null_fraction))
    return Size(values, False, values * width)


def _count_forgotten(gone: set[ModelKey], apps_after: Any, alias: str) -> Iterator[tuple[str, int]]:
    """What Django deletes together with the content types, as far as it is still there then."""
    stale = stale_content_types(gone, apps_after, alias)
    if stale is None:
        return
    collector: Any = Collector(using=alias)
    collector.collect(stale)
    counts = {model._meta.db_table: len(rows) for model, rows in collector.data.items()}
    for rows in collector.fast_deletes:
        table = rows.model._meta.db_table
        counts[table] = counts.get(table, 0) + rows.count()
    yield from ((table, counts[table]) for table in sorted(counts) if counts[table])
