"""Months in UTC, by which tables are divided."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

LONGEST_GAP = timedelta(days=366)
"""Partitions that are farther from each other have no months between them that could be missing."""


def month_of(moment: date) -> date:
    """Return the first day of the month; a time with a zone counts in UTC."""
    if isinstance(moment, datetime):
        moment = moment.astimezone(UTC).date() if moment.tzinfo else moment.date()
    return moment.replace(day=1)


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


def month_range(month: date) -> tuple[datetime, datetime]:
    """Return the times at which the month begins and ends; Python has none after the year 9999."""
    start = datetime(month.year, month.month, 1, tzinfo=UTC)
    if (month.year, month.month) == (LAST.year, LAST.month):
        return start, LAST
    after = shifted(month, 1)
    return start, datetime(after.year, after.month, 1, tzinfo=UTC)
