"""Months that are made, with the rows that have waited for them in the default partition."""

from collections.abc import Callable, Iterable
from datetime import date

from django.core.management.base import CommandError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from config.console import counted
from config.partitions.attempts import Attempt, at_once
from config.partitions.live import read_partitions
from config.partitions.months import missing_months
from config.partitions.new_month import NewMonth


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
    repeat. Raise CommandError before anything is changed if a month cannot be made.
    """
    new = new_months(connection, model, months)
    for month in new:
        moved = month.make(attempt)
        rows = f", with {counted(moved, 'row')} of the default partition" if moved else ""
        say(f"Made {month.name}{rows}.")
        month.tidy(moved)  # said before, as it takes a while and may be interrupted
    return [month.name for month in new]


def new_months(
    connection: BaseDatabaseWrapper, model: type[models.Model], months: Iterable[date]
) -> list[NewMonth]:
    """Return those of `months` that the table of `model` lacks.

    Raise CommandError if one of them cannot be made.
    """
    table = model._meta.db_table
    partitions = read_partitions(connection, table)
    if not partitions:
        raise CommandError(
            f"Table {table} is not there, or has no partitions. Nothing was changed. Run migrate."
        )
    if not any(partition.is_default for partition in partitions):
        raise CommandError(
            f"Table {table} has no default partition. Nothing was changed. "
            "manage.py verify_schema shows the SQL that makes it."
        )
    missing = missing_months(table, partitions, months)
    new = [NewMonth(connection, model, month) for month in missing]
    for month in new:
        month.check_name()
    return new
