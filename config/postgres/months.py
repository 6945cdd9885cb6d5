"""Months in UTC, each represented by its first day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
"""The first and the last time that Python can represent."""

LONGEST_GAP = timedelta(days=366)
"""The longest gap between two partitions in which the months count as missing."""


def month_of(moment: date) -> date:
    """Return the month of `moment`, in UTC if `moment` is a time with a zone."""
    if isinstance(moment, datetime):
        moment = moment.astimezone(UTC).date() if moment.tzinfo else moment.date()
    return moment.replace(day=1)


def add_months(month: date, number: int) -> date:
    """Return the month `number` months after `month`, or before it if `number` is negative."""
    years, index = divmod(month.year * 12 + month.month - 1 + number, 12)
    return date(years, index + 1, 1)


def months_between(first: date, last: date) -> Iterator[date]:
    """Yield the months from the month of `first` to the month of `last`, inclusive."""
    month = month_of(first)
    while month <= month_of(last):
        yield month
        month = add_months(month, 1)


def month_range(month: date) -> tuple[datetime, datetime]:
    """Return the start of `month` and of the next month, or LAST if there is no next month."""
    start = datetime(month.year, month.month, 1, tzinfo=UTC)
    if (month.year, month.month) == (LAST.year, LAST.month):
        return start, LAST
    after = add_months(month, 1)
    return start, datetime(after.year, after.month, 1, tzinfo=UTC)
