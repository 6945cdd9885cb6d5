"""The bounds of partitions by month, as PostgreSQL prints them and as times in UTC."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from config.postgres import FIRST, LAST, month_of, month_range


@dataclass(frozen=True, order=True)
class Bound:
    """The times from `start`, which is included, to `end`, which is not."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Bound") -> bool:
        """Return whether a time is in both."""
        return self.start < other.end and other.start < self.end

    def sql(self, type_name: str) -> str:
        """Return the bound as PostgreSQL prints that of a column of this type, in UTC."""
        start, end = (_literal(time, type_name) for time in (self.start, self.end))
        return f"FOR VALUES FROM ({start}) TO ({end})"


def read_bound(text: str) -> Bound | None:
    """Return the bound that PostgreSQL prints in UTC, or None if it is no range of times."""
    found = re.fullmatch(r"FOR VALUES FROM \((.*)\) TO \((.*)\)", text)
    if not found:
        return None
    try:
        return Bound(*map(_time, found.groups()))
    except ValueError:  # a date before Christ or after the year 9999
        return None


def month_at(time: datetime) -> Bound:
    """Return the month that the time is in."""
    return Bound(*month_range(month_of(time)))


def months_from(start: datetime, end: datetime) -> Iterator[Bound]:
    """Yield the months from `start`, the first of one, to `end`, that of another."""
    while start < end:
        month = month_at(start)
        yield month
        start = month.end


def _time(text: str) -> datetime:
    if text in ("MINVALUE", "'-infinity'"):
        return FIRST
    if text in ("MAXVALUE", "'infinity'"):
        return LAST
    time = datetime.fromisoformat(text.strip("'"))
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _literal(time: datetime, type_name: str) -> str:
    if time in (FIRST, LAST):
        return "MINVALUE" if time == FIRST else "MAXVALUE"
    text = time.date().isoformat() if type_name == "date" else str(time.replace(tzinfo=None))
    return f"'{text}+00'" if type_name.endswith("with time zone") else f"'{text}'"
