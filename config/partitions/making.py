"""Months that are made, with the rows that have waited for them in the default partition."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import partial

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from config.console import counted
from config.partitions.attempts import Attempt, at_once
from config.partitions.changed_keys import remove_unfinished
from config.partitions.exchange import FEW, Exchange
from config.partitions.live_partitions import read_copies, read_partitions
from config.partitions.month_error import MonthError
from config.partitions.months_to_make import missing_months
from config.partitions.new_month import NewMonth
from config.partitions.table_locks import rows, run
from config.postgres.citus import is_cluster


def make_months(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    months: Iterable[date],
    *,
    attempt: Attempt = at_once,
    say: Callable[[str], None] = lambda line: None,
) -> list[str]:
    """Make those of `months` that the table of `model` lacks, and return their names.

    Rows of theirs in the default partition move. Each step is a transaction, which `attempt` may
    repeat. Raise MonthError before anything is changed if a month cannot be made.
    """
    new = new_months(connection, model, months)
    if new:
        remove_copies(connection, model._meta.db_table, attempt)
    moved = _exchanged(connection, model, new, attempt)
    for month in new:
        number = moved[month.name] if month.name in moved else attempt(month.make)
        moving = f", with {counted(number, 'row')} of the default partition" if number else ""
        say(f"Made {month.name}{moving}.")
        if number and month.name not in moved:  # said before, as it takes a while
            _analyze(connection, month)
    return [month.name for month in new]


def remove_copies(connection: BaseDatabaseWrapper, table: str | None, attempt: Attempt) -> None:
    """Remove what an earlier run has left unfinished, as rows may have changed since."""
    for name in read_copies(connection, table):
        attempt(partial(remove_unfinished, connection, name))


def _analyze(connection: BaseDatabaseWrapper, month: NewMonth) -> None:
    run(connection, f"ANALYZE {month.sql_name}")


def _exchanged(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    new: Sequence[NewMonth],
    attempt: Attempt,
) -> dict[str, int]:
    """Make months with many rows in the default partition; return how many moved to each."""
    # On a cluster a row is not found by its page, and a transaction keeps its locks.
    if not new or is_cluster(connection.alias) or connection.in_atomic_block:
        return {}
    each = ", ".join(f"count(*) FILTER (WHERE {month.within})" for month in new)
    [waiting] = rows(connection, f"SELECT {each} FROM ONLY {new[0].default}")
    filled = [month for month, number in zip(new, waiting, strict=True) if number]
    return Exchange(connection, model, filled).make(attempt) if sum(waiting) > FEW else {}


def new_months(
    connection: BaseDatabaseWrapper, model: type[models.Model], months: Iterable[date]
) -> list[NewMonth]:
    """Return those of `months` that the table of `model` lacks.

    Raise MonthError if one of them cannot be made.
    """
    table = model._meta.db_table
    partitions = read_partitions(connection, table)
    if not partitions:
        raise MonthError(f"Table {table} is not there, or has no partitions.", "Run migrate.")
    if not any(partition.is_default for partition in partitions):
        raise MonthError(
            f"Table {table} has no default partition.",
            "manage.py verify_schema shows the SQL that makes it.",
        )
    missing = missing_months(table, partitions, months)
    new = [NewMonth(connection, model, month) for month in missing]
    for month in new:
        month.check_name()
    return new
