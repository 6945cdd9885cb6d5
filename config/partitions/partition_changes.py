"""What a run would make and drop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.management.base import CommandError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from config.partitions.live_partitions import Partition, read_copies, read_partitions, with_amounts
from config.partitions.making import new_months
from config.partitions.months_table import listed
from config.partitions.months_to_make import coming_months
from config.partitions.retention import oldest_kept, outdated
from config.postgres import months_between, shifted

MOST_MONTHS = 600


@dataclass(frozen=True)
class Wanted:
    """The months that the options ask for, in the month of `now`."""

    now: date
    first: date | None
    """The first month to make of those up to `now`; None for none."""
    ahead: int | None
    """The number of coming months to make; None not to make that of `now`, either."""
    oldest: date | None
    """The oldest one to keep; None to keep all."""
    is_dropped: bool
    """Whether older ones are dropped, too, and not only detached."""

    @property
    def is_nothing(self) -> bool:
        return self.first is None and self.ahead is None and self.oldest is None

    def months(self, partitions: Sequence[Partition]) -> list[date]:
        """Return the months that are to be there, in a table that has `partitions`."""
        months = list(months_between(self.first, self.now)) if self.first else []
        if self.ahead is not None:
            months += coming_months(partitions, self.now, self.ahead)
        return [month for month in months if not self.oldest or month >= self.oldest]


def wanted(options: dict[str, Any], now: date) -> Wanted:
    """Return what the options of the command mean in the month of `now`.

    Raise CommandError if they contradict each other.
    """
    first, keep = options["from"], options["keep"]
    oldest = None if keep is None else oldest_kept(now, keep)
    if first and first > now:
        raise CommandError(f"--from {first:%Y-%m} has not begun. Use --ahead for coming months.")
    if first and first < shifted(now, -MOST_MONTHS):
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
        raise CommandError("--archive drops what it has archived. Leave out --detach-only.")
    return Wanted(now, first, options["ahead"], oldest, not options["detach_only"])


@dataclass(frozen=True)
class Plan:
    """What is to be done with the table of one model."""

    model: type[models.Model]
    new: list[str]
    old: list[Partition]
    copies: list[str]
    """Those that a run before has left unfinished."""

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    def lines(self, verb: str) -> Iterator[str]:
        """Yield lines that show the plan; `verb` is what happens to old months."""
        if self.copies:
            yield f"To be removed, since unfinished: {', '.join(self.copies)}"
        if self.new:
            yield f"To be made: {', '.join(self.new)}"
        if self.old:
            yield f"To be {verb}:"
            yield from listed(self.old)


def read_plan(connection: BaseDatabaseWrapper, model: type[models.Model], what: Wanted) -> Plan:
    """Compare the table of `model` with what is wanted.

    Raise CommandError if a month cannot be made.
    """
    partitions = read_partitions(connection, model._meta.db_table)
    new = new_months(connection, model, what.months(partitions))
    old = outdated(partitions, what.oldest) if what.oldest else []
    # A run that was cut short has left the foreign keys of a month that it had detached.
    old = [part for part in old if what.is_dropped or part.attached or part.has_foreign_keys]
    return Plan(
        model,
        [month.name for month in new],
        with_amounts(connection, old),
        read_copies(connection, model._meta.db_table),
    )
