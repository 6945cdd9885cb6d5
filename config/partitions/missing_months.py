"""The months for which a table needs new partitions."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from django.core.management.base import CommandError

from config.partitions.live_partitions import Partition
from config.postgres import FIRST, LAST, add_months, month_of, month_range, months_between


class MonthError(CommandError):
    """The error for a month that cannot be created. Nothing was changed."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} Nothing was changed. {remedy}")
        self.advice = f"{problem} {remedy}"
        """The message for callers that have already changed something."""


def current_month() -> date:
    return month_of(datetime.now(UTC))


def coming_months(partitions: Sequence[Partition], now: date, ahead: int) -> list[date]:
    """Return the month of `now` and the `ahead` months after it.

    If the newest partition ends before `now`, begin with the month after that partition.
    """
    ends = [
        partition.end
        for partition in partitions
        if partition.attached and partition.end and (partition.start or FIRST) < month_range(now)[0]
    ]
    first = min(month_of(now), month_of(max(ends))) if ends else now
    return list(months_between(first, add_months(month_of(now), ahead)))


def missing_months(
    table: str, partitions: Sequence[Partition], months: Iterable[date]
) -> list[date]:
    """Return the `months` for which the table has only the default partition, in order.

    Raise MonthError if a partition covers only a part of a month.
    """
    bounded = [p for p in partitions if p.attached and not p.is_default]
    return [
        month for month in sorted({*map(month_of, months)}) if _is_missing(table, bounded, month)
    ]


def _is_missing(table: str, partitions: Sequence[Partition], month: date) -> bool:
    """Return whether no partition covers the month. `partitions` are sorted by time."""
    start, end = month_range(month)
    overlapping = [p for p in partitions if (p.start or FIRST) < end and (p.end or LAST) > start]
    if not overlapping:
        return True
    covered_until = start
    for partition in overlapping:
        if (partition.start or FIRST) > covered_until:
            break
        covered_until = partition.end or LAST
    if covered_until < end:
        raise MonthError(
            f"Partition {overlapping[0].name} covers only a part of {month:%Y-%m}, so {table} "
            "cannot have a partition for that month.",
            "Detach it, or create partitions for the rest of the month by hand.",
        )
    return False
