"""Months in UTC: those of a range of time, and those that a table lacks."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime

from django.core.management.base import CommandError

from config.partitions.live import Partition

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def month_of(moment: date) -> date:
    """Return the first day of the month; a time with a zone counts in UTC."""
    if isinstance(moment, datetime):
        moment = moment.astimezone(UTC).date() if moment.tzinfo else moment.date()
    return moment.replace(day=1)


def current_month() -> date:
    return month_of(datetime.now(UTC))


def shifted(month: date, months: int) -> date:
    """Return the first day of the month so many months later, or earlier."""
    years, index = divmod(month.year * 12 + month.month - 1 + months, 12)
    return date(years, index + 1, 1)


def months_between(first: date, last: date) -> Iterator[date]:
    """Yield the months from that of `first` to that of `last`."""
    month = month_of(first)
    while month <= month_of(last):
        yield month
        month = shifted(month, 1)


def coming_months(partitions: Sequence[Partition], now: date, ahead: int) -> list[date]:
    """Return the month of `now` and so many later ones.

    The months since the newest partition come first, if they were not made in time.
    """
    ends = [
        partition.end
        for partition in partitions
        if partition.attached and partition.end and (partition.start or FIRST) < _moment(now)
    ]
    first = min([month_of(now), *map(month_of, sorted(ends)[-1:])])
    return list(months_between(first, shifted(month_of(now), ahead)))


def missing_months(
    table: str, partitions: Sequence[Partition], months: Iterable[date]
) -> list[date]:
    """Return those of `months` that no partition but the default one covers, in order.

    Raise CommandError if one is covered in part, which leaves no room for the month.
    """
    bounded = [p for p in partitions if p.attached and not p.is_default]
    return [month for month in sorted({*map(month_of, months)}) if _is_free(table, bounded, month)]


def _is_free(table: str, partitions: Sequence[Partition], month: date) -> bool:
    start, end = _moment(month), _moment(shifted(month, 1))
    within = [p for p in partitions if (p.start or FIRST) < end and (p.end or LAST) > start]
    if not within:
        return True
    covered = start
    for partition in within:  # by time
        if (partition.start or FIRST) > covered:
            break
        covered = partition.end or LAST
    if covered < end:
        raise CommandError(
            f"Partition {within[0].name} covers a part of {month:%Y-%m} only, which leaves no room "
            f"for that month in {table}. Nothing was changed. Detach it, or make partitions for "
            "the rest of the month by hand."
        )
    return False


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
