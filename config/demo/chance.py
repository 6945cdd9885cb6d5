"""What a seed decides: choices, moments in the rhythm of people's days and weeks, ids.

Moments are whole seconds since 1970, in which sums are quick; rows have them as text. Only
random() and getrandbits() are used: their values are the same in every version of Python.
"""

from collections.abc import Sequence
from datetime import date
from functools import cache, lru_cache
from random import Random

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600

# Of all that happens in a day, how much falls into each hour (UTC): little at night, most after
# work.
HOURLY = (2, 1, 1, 1, 1, 2, 4, 6, 7, 8, 8, 7, 7, 7, 8, 8, 8, 9, 11, 13, 13, 10, 7, 4)
HOURS = tuple(hour for hour, weight in enumerate(HOURLY) for _ in range(weight))
# How likely somebody who might do something on that day does it: Monday to Sunday.
DAILY = (1.0, 1.0, 0.95, 0.9, 0.8, 0.5, 0.65)
MONDAY = 4  # the first one of 1970 was the fifth day

UUID_RANDOM = (0xFFF << 64) | (1 << 62) - 1
UUID_VERSION_7 = 7 << 76 | 0b10 << 62


class Chance(Random):
    """Random values; the same seed gives the same ones."""

    def odds(self, share: float) -> bool:
        """True that often."""
        return self.random() < share

    def pick[T](self, choices: Sequence[T]) -> T:
        return choices[int(self.random() * len(choices))]

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self.random() * (high + 1 - low))

    def moment(self, begin: int, end: int, early: float = 1.0) -> int:
        """A moment from `begin` to before `end`; above 1, `early` draws it to the beginning."""
        for _ in range(9):
            day = int(begin + (end - begin) * self.random() ** early) // DAY
            moment = day * DAY + self.time_of_day()
            if begin <= moment < end and self.random() < DAILY[(day - MONDAY) % 7]:
                return moment
        return int(begin + (end - begin) * self.random())

    def time_of_day(self) -> int:
        return HOURS[int(self.random() * len(HOURS))] * HOUR + int(self.random() * HOUR)

    def uuid(self, moment: int) -> str:
        """The digits of a version 7 UUID of that moment: as the database's own it sorts by time."""
        bits = moment * 1000 << 80 | UUID_VERSION_7 | self.getrandbits(80) & UUID_RANDOM
        return f"{bits:032x}"

    def token(self, length: int = 24) -> str:
        """Lower-case hexadecimal digits."""
        return f"{self.getrandbits(4 * length):0{length}x}"


def hyphenated(digits: str) -> str:
    """The UUID as the database writes it; JSON and addresses have it so."""
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


@lru_cache(64)  # most rows have some moment several times
def stamp(moment: int) -> str:
    """The moment as PostgreSQL reads it."""
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


def hundredths(part: int, whole: int = 1) -> str:
    """`part / whole` with two decimals, rounded half up as PostgreSQL rounds numeric."""
    units, rest = divmod((200 * part + whole) // (2 * whole), 100)
    return f"{units}.{rest:02}"
