"""The creation of months, with the rows of these months in the default partition."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import partial
from operator import call

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from config.console import counted
from config.partitions.changed_keys import drop_unfinished
from config.partitions.exchange import FEW, Exchange
from config.partitions.live_partitions import read_partitions, read_unfinished
from config.partitions.missing_months import MonthError, missing_months
from config.partitions.new_partition import NewMonth
from config.partitions.retries import Attempt
from config.postgres import execute, read_rows
from config.postgres.citus import is_cluster


def make_months(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    months: Iterable[date],
    *,
    attempt: Attempt = call,
    say: Callable[[str], None] = lambda line: None,
) -> list[str]:
    """Create the `months` that the table of `model` lacks, and return their names.

    Move the rows of these months out of the default partition. Each step is a transaction, which
    `attempt` may retry. Raise MonthError before anything is changed if a month cannot be created.
    """
    new = new_months(connection, model, months)
    if new:
        drop_all_unfinished(connection, model._meta.db_table, attempt)
    moved = _exchange_if_many(connection, model, new, attempt)
    for month in new:
        exchanged = month.name in moved
        number = moved[month.name] if exchanged else attempt(month.make)
        about = "about " if exchanged else ""  # rows that changed at the end are not counted
        rows = f", with {about}{counted(number, 'row')} of the default partition" if number else ""
        say(f"Created {month.name}{rows}.")
        if number and not exchanged:  # after the message, because ANALYZE takes a while
            execute(connection, f"ANALYZE {month.sql_name}")
    return [month.name for month in new]


def drop_all_unfinished(
    connection: BaseDatabaseWrapper, table: str | None, attempt: Attempt
) -> None:
    """Drop the unfinished partitions of `table`, or of all tables if `table` is None.

    They cannot be completed, because rows may have changed since the interruption.
    """
    for name in read_unfinished(connection, table):
        attempt(partial(drop_unfinished, connection, name))


def _exchange_if_many(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    new: Sequence[NewMonth],
    attempt: Attempt,
) -> dict[str, int]:
    """Create months by an exchange if many rows move. Return the number of rows of each."""
    # Citus cannot copy rows by page. Inside a transaction of the caller, an exchange is useless,
    # because all locks last until the end of that transaction.
    if not new or is_cluster(connection.alias) or connection.in_atomic_block:
        return {}
    counts = ", ".join(f"count(*) FILTER (WHERE {month.condition})" for month in new)
    [numbers] = read_rows(connection, f"SELECT {counts} FROM ONLY {new[0].default}")
    if sum(numbers) <= FEW:
        return {}
    filled = [month for month, number in zip(new, numbers, strict=True) if number]
    return Exchange(connection, model, filled).make(attempt)


def new_months(
    connection: BaseDatabaseWrapper, model: type[models.Model], months: Iterable[date]
) -> list[NewMonth]:
    """Return the `months` that the table of `model` lacks.

    Raise MonthError if a month cannot be created.
    """
    table = model._meta.db_table
    partitions = read_partitions(connection, table)
    if not partitions:
        raise MonthError(f"Table {table} does not exist or has no partitions.", "Run migrate.")
    if not any(partition.is_default for partition in partitions):
        raise MonthError(
            f"Table {table} has no default partition.",
            "manage.py verify_schema shows the SQL that creates it.",
        )
    missing = missing_months(table, partitions, months)
    new = [NewMonth(connection, model, month) for month in missing]
    for month in new:
        month.check_name()
    return new
