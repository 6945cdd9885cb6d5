"""Randomness from a seed: choices, ids, and moments that follow the rhythm of days and weeks.

A moment is an integer, in seconds since 1970. Only random() and getrandbits() are used, because
their values are the same in every version of Python.
"""

from collections.abc import Sequence
from datetime import date
from functools import cache, lru_cache
from random import Random

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600

# The share of a day's activity per hour (UTC): little at night, most after work.
HOUR_WEIGHTS = (2, 1, 1, 1, 1, 2, 4, 6, 7, 8, 8, 7, 7, 7, 8, 8, 8, 9, 11, 13, 13, 10, 7, 4)
HOURS = tuple(hour for hour, weight in enumerate(HOUR_WEIGHTS) for _ in range(weight))
# The relative activity on each day of the week, from Monday to Sunday.
WEEKDAY_ODDS = (1.0, 1.0, 0.95, 0.9, 0.8, 0.5, 0.65)
FIRST_MONDAY = 4  # The first Monday of 1970 was January 5, day 4 counted from 0.

UUID_RANDOM = (0xFFF << 64) | (1 << 62) - 1
UUID_VERSION_7 = 7 << 76 | 0b10 << 62


class Chance(Random):
    """A source of random values; the same seed yields the same values."""

    def odds(self, share: float) -> bool:
        """Return True with the given probability."""
        return self.random() < share

    def pick[T](self, choices: Sequence[T]) -> T:
        return choices[int(self.random() * len(choices))]

    def between(self, low: int, high: int) -> int:
        """Return an integer between `low` and `high`, both included."""
        return low + int(self.random() * (high + 1 - low))

    def moment(self, begin: int, end: int, early: float = 1.0) -> int:
        """Return a moment from `begin` to `end`. With `early` > 1, early ones are more likely."""
        for _ in range(9):
            day = int(begin + (end - begin) * self.random() ** early) // DAY
            moment = day * DAY + self.time_of_day()
            if begin <= moment < end and self.random() < WEEKDAY_ODDS[(day - FIRST_MONDAY) % 7]:
                return moment
        return int(begin + (end - begin) * self.random())

    def time_of_day(self) -> int:
        return HOURS[int(self.random() * len(HOURS))] * HOUR + int(self.random() * HOUR)

    def uuid(self, moment: int) -> str:
        """Return the digits of a version 7 UUID of that moment. Such UUIDs sort by time."""
        bits = moment * 1000 << 80 | UUID_VERSION_7 | self.getrandbits(80) & UUID_RANDOM
        return f"{bits:032x}"

    def token(self, length: int = 24) -> str:
        """Return hexadecimal digits in lower case."""
        return f"{self.getrandbits(4 * length):0{length}x}"


def hyphenated(digits: str) -> str:
    """Return a UUID with hyphens, as PostgreSQL prints UUIDs, for JSON and URLs."""
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


@lru_cache(64)  # Most rows contain the same moment several times.
def stamp(moment: int) -> str:
    """Return the moment in a format that PostgreSQL reads."""
    day, second = divmod(moment, DAY)
    minute, second = divmod(second, MINUTE)
    return f"{_day(day)}{_minute(minute)}{second:02}+00"


def stamp_if(moment: int | None) -> str | None:
    return None if moment is None else stamp(moment)


@cache
def _day(number: int) -> str:
    return f"{date.fromordinal(date(1970, 1, 1).toordinal() + number)} "


@cache
def _minute(number: int) -> str:
    return f"{number // 60:02}:{number % 60:02}:"


def hundredths(part: int, whole: int) -> str:
    """Return `part / whole` with two decimals, rounded half up like PostgreSQL's numeric."""
    units, rest = divmod((200 * part + whole) // (2 * whole), 100)
    return f"{units}.{rest:02}"
