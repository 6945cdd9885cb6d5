"""The time ranges of partitions, converted from and to PostgreSQL's text."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from config.postgres import FIRST, LAST, month_of, month_range


@dataclass(frozen=True, order=True)
class Bound:
    """A range of times in UTC, from `start` (inclusive) to `end` (exclusive)."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Bound") -> bool:
        """Return whether the ranges have a time in common."""
        return self.start < other.end and other.start < self.end

    def sql(self, type_name: str) -> str:
        """Return the bound as PostgreSQL prints it, in UTC, for a column of this type."""
        start, end = (_literal(time, type_name) for time in (self.start, self.end))
        return f"FOR VALUES FROM ({start}) TO ({end})"


def read_bound(text: str) -> Bound | None:
    """Parse a bound that PostgreSQL has printed. Return None if it is not a range of times."""
    found = re.fullmatch(r"FOR VALUES FROM \((.*)\) TO \((.*)\)", text)
    if not found:
        return None
    try:
        return Bound(*map(_parse_time, found.groups()))
    except ValueError:  # Python has no years before 1 and after 9999
        return None


def month_at(time: datetime) -> Bound:
    """Return the bound of the month that contains the time."""
    return Bound(*month_range(month_of(time)))


def _parse_time(text: str) -> datetime:
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
