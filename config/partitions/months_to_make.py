"""The months that a table is to have, and those that it lacks."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from config.partitions.live_partitions import Partition
from config.partitions.month_error import MonthError
from config.postgres import FIRST, LAST, month_of, month_range, months_between, shifted


def current_month() -> date:
    return month_of(datetime.now(UTC))


def coming_months(partitions: Sequence[Partition], now: date, ahead: int) -> list[date]:
    """Return the month of `now` and so many later ones.

    The months since the newest partition come first, if they were not made in time.
    """
    ends = [
        partition.end
        for partition in partitions
        if partition.attached and partition.end and (partition.start or FIRST) < month_range(now)[0]
    ]
    first = min([month_of(now), *map(month_of, sorted(ends)[-1:])])
    return list(months_between(first, shifted(month_of(now), ahead)))


def missing_months(
    table: str, partitions: Sequence[Partition], months: Iterable[date]
) -> list[date]:
    """Return those of `months` that no partition but the default one covers, in order.

    Raise MonthError if one is covered in part, which leaves no room for the month.
    """
    bounded = [p for p in partitions if p.attached and not p.is_default]
    return [month for month in sorted({*map(month_of, months)}) if _is_free(table, bounded, month)]


def _is_free(table: str, partitions: Sequence[Partition], month: date) -> bool:
    start, end = month_range(month)
    within = [p for p in partitions if (p.start or FIRST) < end and (p.end or LAST) > start]
    if not within:
        return True
    covered = start
    for partition in within:  # by time
        if (partition.start or FIRST) > covered:
            break
        covered = partition.end or LAST
    if covered < end:
        raise MonthError(
            f"Partition {within[0].name} covers a part of {month:%Y-%m} only, which leaves no room "
            f"for that month in {table}.",
            "Detach it, or make partitions for the rest of the month by hand.",
        )
    return False
