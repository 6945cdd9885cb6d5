"""The time zones that a profile can name, from Python's IANA database."""

from functools import cache
from zoneinfo import available_timezones


@cache
def time_zones() -> frozenset[str]:
    """Return the names of all zones, except zones that differ between servers."""
    return frozenset(available_timezones() - {"Factory", "localtime"})
