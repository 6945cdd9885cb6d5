"""How much of everything there is to be, decided by the number of enrollments."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property

from config.demo.chance import DAY, Chance

SCALES = {"small": 500, "medium": 20_000, "large": 1_000_000}
LARGEST = 10_000_000
DAYS = 400
"""Of history: more than a year, so that each month has one to compare with."""


@dataclass(frozen=True)
class Plan:
    """The size of a platform, its seed, and the day before which all of it happened."""

    enrollments: int
    seed: int
    until: date

    @cached_property
    def end(self) -> int:
        """The beginning of the day `until`; nothing but what is scheduled comes later."""
        return int(datetime.combine(self.until, time(), UTC).timestamp())

    @cached_property
    def begin(self) -> int:
        return self.end - DAYS * DAY

    @cached_property
    def course_sizes(self) -> tuple[int, ...]:
        """The enrollments of each course that was published: at least one, and few have many."""
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
        """Several enrollments each, and enough for the largest course."""
        return 6 + max(round(0.3 * self.enrollments), 2 * self.course_sizes[0])

    def chance(self, what: str, number: int = 0) -> Chance:
        """Of its own for each thing, so that none depends on how many others there are."""
        return Chance(f"{self.seed} {what} {number}")
