"""The time zones that a profile can name: those of the IANA database that Python has."""

from functools import cache
from zoneinfo import available_timezones


@cache
def time_zones() -> frozenset[str]:
    """Return the names of all zones, except those whose meaning depends on the server."""
    return frozenset(available_timezones() - {"Factory", "localtime"})
