"""The partitions that the command creates and drops."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.management.base import CommandError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from config.partitions.creation import new_months
from config.partitions.live_partitions import (
    Partition,
    read_partitions,
    read_unfinished,
    with_amounts,
)
from config.partitions.missing_months import coming_months
from config.partitions.months_table import partition_lines
from config.partitions.retention import old_partitions
from config.postgres import add_months, months_between

MOST_MONTHS = 600


@dataclass(frozen=True)
class RequestedMonths:
    """The months that the options of the command ask for."""

    now: date
    """The current month."""
    first: date | None
    """The value of --from: create the months from this one to `now`."""
    ahead: int | None
    """The value of --ahead: create `now` and this number of months after it."""
    oldest: date | None
    """The oldest month to keep, or None to keep all."""
    drop: bool
    """True to drop older months, False to detach them."""

    @property
    def is_empty(self) -> bool:
        return self.first is None and self.ahead is None and self.oldest is None

    def months(self, partitions: Sequence[Partition]) -> list[date]:
        """Return the months that must exist in a table that has `partitions`."""
        months = list(months_between(self.first, self.now)) if self.first else []
        if self.ahead is not None:
            months += coming_months(partitions, self.now, self.ahead)
        return [month for month in months if not self.oldest or month >= self.oldest]


def requested_months(options: dict[str, Any], now: date) -> RequestedMonths:
    """Return the months that the options ask for; `now` is the current month.

    Raise CommandError if the options contradict each other.
    """
    first, keep = options["from"], options["keep"]
    oldest = None if keep is None else add_months(now, 1 - keep)
    if first and first > now:
        raise CommandError(f"--from {first:%Y-%m} has not begun. Use --ahead for coming months.")
    if first and first < add_months(now, -MOST_MONTHS):
        raise CommandError(f"--from {first:%Y-%m} is more than {MOST_MONTHS} months ago.")
    if first and oldest and first < oldest:
        raise CommandError(
            f"--from {first:%Y-%m} is older than {oldest:%Y-%m}, the oldest month that "
            f"--keep {keep} keeps."
        )
    for name in ("archive", "detach_only"):
        if options[name] and keep is None:
            raise CommandError(f"--{name.replace('_', '-')} needs --keep.")
    if options["archive"] and options["detach_only"]:
        raise CommandError("--archive drops the archived months. Leave out --detach-only.")
    return RequestedMonths(now, first, options["ahead"], oldest, not options["detach_only"])


@dataclass(frozen=True)
class PartitionChanges:
    """The changes to the partitions of one table."""

    model: type[models.Model]
    new: list[str]
    old: list[Partition]
    unfinished: list[str]
    """The tables that an interrupted run has left."""

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    def lines(self, verb: str) -> Iterator[str]:
        """Yield lines that show the changes. `verb`, such as "dropped", is for the old months."""
        if self.unfinished:
            yield f"To be removed, since unfinished: {', '.join(self.unfinished)}"
        if self.new:
            yield f"To be created: {', '.join(self.new)}"
        if self.old:
            yield f"To be {verb}:"
            yield from partition_lines(self.old)


def read_changes(
    connection: BaseDatabaseWrapper, model: type[models.Model], requested: RequestedMonths
) -> PartitionChanges:
    """Return the changes after which the table of `model` has the requested months.

    Raise CommandError if a month cannot be created.
    """
    table = model._meta.db_table
    partitions = read_partitions(connection, table)
    new = new_months(connection, model, requested.months(partitions))
    old = old_partitions(partitions, requested.oldest) if requested.oldest else []
    # An interrupted run may have detached a month without dropping its foreign keys.
    old = [each for each in old if requested.drop or each.attached or each.has_foreign_keys]
    return PartitionChanges(
        model,
        [month.name for month in new],
        with_amounts(connection, old),
        read_unfinished(connection, table),
    )
