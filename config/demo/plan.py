"""The size of a platform, which follows from the number of enrollments."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property

from config.demo.randomness import DAY, Chance

SCALES = {"small": 500, "medium": 20_000, "large": 1_000_000}
LARGEST_SCALE = 10_000_000
HISTORY_DAYS = 400
"""The days of the platform: more than a year, so that months of two years can be compared."""


@dataclass(frozen=True)
class PlatformPlan:
    """The size of a platform, its seed, and the day before which all events happen."""

    enrollments: int
    seed: int
    until: date

    @cached_property
    def end(self) -> int:
        """The beginning of the day `until`. Only scheduled times are later."""
        return int(datetime.combine(self.until, time(), UTC).timestamp())

    @cached_property
    def begin(self) -> int:
        return self.end - HISTORY_DAYS * DAY

    @cached_property
    def course_sizes(self) -> tuple[int, ...]:
        """The number of enrollments of each published course. A few courses have many."""
        count = max(1, round(self.enrollments**0.6))
        weights = [(rank + 6) ** -0.7 for rank in range(count)]
        others = (self.enrollments - count) / sum(weights)
        sizes = [1 + int(others * weight) for weight in weights]
        for rank in range(self.enrollments - sum(sizes)):
            sizes[rank] += 1
        return tuple(sizes)

    @property
    def unpublished_courses(self) -> int:
        return len(self.course_sizes) // 6

    @property
    def educators(self) -> int:
        return 2 + len(self.course_sizes) // 3

    @property
    def students(self) -> int:
        """The number of students, who have a few enrollments each."""
        return 6 + max(round(0.3 * self.enrollments), 2 * self.course_sizes[0])

    def chance(self, what: str, number: int = 0) -> Chance:
        """Return a source of random values that depend only on the arguments and the seed."""
        return Chance(f"{self.seed} {what} {number}")
