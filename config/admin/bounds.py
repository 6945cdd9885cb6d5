"""Queries that stay cheap on large tables: limited, estimated or cancelled."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, models, transaction
from psycopg.errors import QueryCanceled

from config.postgres import read_rows
from config.replica import reader

COUNTED_ROWS = 1_000
"""The largest exact count of rows on a page that counts many tables."""
COUNTING_MILLISECONDS = 120
"""The time limit of a query that counts rows or finds their keys."""

type Model = type[models.Model]
type QuerySet = models.QuerySet[Any, Any]


@dataclass(frozen=True)
class Count:
    """A number of rows, which is a minimum if `exact` is false."""

    number: int
    exact: bool = True

    def __str__(self) -> str:
        return f"{self.number:,}{'' if self.exact else '+'}"

    def __bool__(self) -> bool:
        return self.number > 0


class TooSlowError(Exception):
    """A query exceeded the time limit of its page."""


@contextmanager
def local_settings(**values: str) -> Iterator[None]:
    """Set parameters of PostgreSQL inside the block, and restore them by a rollback.

    The block must not write, because the rollback also undoes what the block has written.
    """
    alias = reader().alias
    new = ", ".join("set_config(%s, %s, true)" for _ in values)
    with transaction.atomic(alias), reader().cursor() as cursor:
        cursor.execute(f"SELECT {new}", list(chain(*values.items())))
        yield
        transaction.set_rollback(True, alias)


@contextmanager
def at_most(milliseconds: int, **values: str) -> Iterator[None]:
    """Cancel a statement of the block after `milliseconds`, and raise TooSlowError."""
    try:
        # JIT compilation of a query takes longer than these limits.
        with local_settings(statement_timeout=str(milliseconds), jit="off", **values):
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlowError from error
        raise


def count_up_to(limit: int, querysets: Sequence[QuerySet]) -> list[Count]:
    """Count the rows of each queryset in one query that reads at most `limit` + 1 rows of each."""
    if not querysets:
        return []
    parts, params = zip(*(_counting(queryset, limit + 1) for queryset in querysets), strict=True)
    [numbers] = read_rows(reader(), f"SELECT {', '.join(parts)}", list(chain(*params)))
    return [Count(min(number, limit), number <= limit) for number in numbers]


def _counting(queryset: QuerySet, limit: int) -> tuple[str, tuple[Any, ...]]:
    try:
        sql, params = queryset.order_by().values("pk")[:limit].query.sql_with_params()
    except EmptyResultSet:
        return "0", ()
    return f"(SELECT count(*) FROM ({sql}) AS bounded)", params  # noqa: S608


def estimates(models: Iterable[Model]) -> Counter[Model]:
    """Return the number of rows in each table as of its last VACUUM or ANALYZE, if any."""
    by_name = {reader().ops.quote_name(model._meta.db_table): model for model in models}
    rows = read_rows(
        reader(),
        # The rows of a partitioned table are in its partitions.
        "SELECT name, sum(reltuples)::bigint FROM unnest(%s::text[]) AS name"
        "  LEFT JOIN pg_inherits ON inhparent = to_regclass(name)"
        "  JOIN pg_class ON oid = coalesce(inhrelid, to_regclass(name)) AND relkind <> 'p'"
        " WHERE reltuples >= 0 GROUP BY name",
        [list(by_name)],
    )
    return Counter({by_name[name]: number for name, number in rows})


def about(number: int) -> str:
    """Return an estimate as text, rounded to two digits, because estimates are imprecise."""
    digits = len(str(number)) - 2
    return f"about {round(number, -digits) if digits > 0 else number:,}"


def described(count: Count, estimate: int) -> str:
    """Return `count` as text. If it is not exact, return the larger of minimum and estimate."""
    if count.exact:
        return str(count)
    return about(estimate) if estimate > count.number else f"more than {count.number:,}"


def row_counts(models: Iterable[Model]) -> dict[Model, str]:
    """Return the number of rows in each table: exact for small tables, estimated for others.

    A table has no entry if it was never analyzed and cannot be counted.
    """
    models = list(models)
    expected = estimates(models)
    try:
        with at_most(COUNTING_MILLISECONDS):
            rows = [model._base_manager.all() for model in models]
            counts = dict(zip(models, count_up_to(COUNTED_ROWS, rows), strict=True))
    except (TooSlowError, DatabaseError) as error:  # a table may be locked or missing
        if isinstance(error, DatabaseError) and reader().alias != DEFAULT_DB_ALIAS:
            raise  # `reads_replica` then calls this function on the primary
        return {model: about(number) for model, number in expected.items()}
    return {model: described(count, expected[model]) for model, count in counts.items()}
