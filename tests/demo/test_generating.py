"""The parts of generated rows, without a database."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

import pytest

from config.demo.courses import TITLE_COUNT, new_course
from config.demo.names import CULTURE_ENDS, name
from config.demo.options import parse_scale
from config.demo.people import People
from config.demo.plan import PlatformPlan
from config.demo.platform import Platform
from config.demo.randomness import DAY, Chance, hundredths, hyphenated, stamp
from config.demo.summaries import streaks

NEW_YEAR = 1767225600  # 2026-01-01 00:00 UTC


def test_stamp__is_as_postgresql_writes_it() -> None:
    assert stamp(NEW_YEAR + 3723) == "2026-01-01 01:02:03+00"


def test_uuid__is_of_version_7_and_contains_its_time() -> None:
    key = UUID(Chance(1).uuid(NEW_YEAR))
    assert (key.version, key.variant, key.int >> 80) == (
        7,
        UUID(int=1 << 63).variant,
        NEW_YEAR * 1000,
    )


def test_hyphenated__is_the_same_id() -> None:
    digits = Chance(1).uuid(NEW_YEAR)
    assert hyphenated(digits) == str(UUID(digits))


def test_moment__is_in_its_range() -> None:
    chance = Chance(1)
    moments = [chance.moment(NEW_YEAR, NEW_YEAR + 3 * DAY) for _ in range(500)]
    assert NEW_YEAR <= min(moments) < NEW_YEAR + DAY
    assert NEW_YEAR + 2 * DAY < max(moments) < NEW_YEAR + 3 * DAY


@pytest.mark.parametrize(
    ("part", "whole"), [(1, 3), (2, 3), (1, 800), (0, 7), (100 * 1, 32), (5, 1)]
)
def test_hundredths__round_as_numeric_does(part: int, whole: int) -> None:
    exact = Decimal(part) / Decimal(whole)
    assert hundredths(part, whole) == str(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, (0, 0)), (0b10000, (1, 1)), (0b11011, (2, 2)), (0b00111, (0, 3)), (0b11111, (5, 5))],
)
def test_streaks__are_days_in_a_row(days: int, expected: tuple[int, int]) -> None:
    assert streaks(days, today=4) == expected


@pytest.mark.parametrize("seed", [0, 1, 999_999_999])
def test_mailboxes__are_different(seed: int) -> None:
    names = [name(number, seed) for number in range(3 * CULTURE_ENDS[-1])]
    assert len({its.mailbox for its in names}) == len(names)


def test_mailboxes__are_ascii() -> None:
    assert all(name(number).mailbox.isascii() for number in range(CULTURE_ENDS[-1]))


def test_titles__are_all_used_before_one_is_repeated() -> None:
    plan = PlatformPlan(TITLE_COUNT**2, seed=5, until=date(2026, 1, 1))
    people = People(PlatformPlan(1, seed=5, until=date(2026, 1, 1)))
    chance = Chance(5)
    numbers = range(TITLE_COUNT + 20)
    slugs = {new_course(chance, plan, people, number).slug for number in numbers}
    assert len(slugs) == len(numbers)


@pytest.mark.parametrize("scale", ["1", "5", "500", "20000", "1000000", "large"])
def test_course_sizes__add_up(scale: str) -> None:
    plan = PlatformPlan(parse_scale(scale), seed=1, until=date(2026, 1, 1))
    assert sum(plan.course_sizes) == plan.enrollments
    assert min(plan.course_sizes) > 0


@pytest.mark.parametrize("seed", range(8))
def test_platform_rows__follow_the_rows_that_they_refer_to(seed: int) -> None:
    made: set[str] = set()
    with Platform(PlatformPlan(30, seed, date(2026, 1, 1))) as platform:
        for _, row in platform.rows():
            made.add(row.get("id", ""))
            references = [value for column, value in row.items() if is_reference(column)]
            assert made.issuperset(filter(None, references))


def is_reference(column: str) -> bool:
    no_key = ("stripe_", "certificate_id", "plan_id", "conversation_id")
    return (column.endswith("_id") and not column.startswith(no_key)) or column == "graded_by"


def test_platform_rows_of_a_table__have_the_same_columns() -> None:
    columns: dict[str, tuple[str, ...]] = {}
    with Platform(PlatformPlan(100, 1, date(2026, 1, 1))) as platform:
        for table, row in platform.rows():
            assert columns.setdefault(table, tuple(row)) == tuple(row)
