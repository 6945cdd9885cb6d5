"""The figures of the dashboard, from a bounded part of the database."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from config.admin.bounds import TooSlowError
from config.admin_pages import figures
from config.admin_pages.figures import AGES, Completion
from tests.factories import (
    AnalyticsEventFactory,
    AssignmentSubmissionFactory,
    CourseAnalyticsFactory,
    CourseFactory,
    EnrollmentFactory,
    PaymentFactory,
    QuizSubmissionFactory,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)  # a Wednesday
THIS_WEEK = datetime(2026, 3, 16, tzinfo=UTC)
LAST_WEEK = datetime(2026, 3, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def enroll(*times: datetime) -> None:
    for time in times:
        EnrollmentFactory.create(enrolled_at=time)


def test_weeks__are_the_latest_in_ascending_order() -> None:
    mondays = list(figures.enrollments_by_week(NOW).sums)
    assert (len(mondays), mondays[-2:]) == (figures.WEEKS, [LAST_WEEK, THIS_WEEK])


def test_enrollments__are_counted_by_week() -> None:
    enroll(THIS_WEEK, NOW - HOUR, THIS_WEEK - HOUR)
    sums = figures.enrollments_by_week(NOW).sums
    assert [sums[LAST_WEEK], sums[THIS_WEEK], sum(sums.values())] == [1, 2, 3]


def test_enrollments_before_the_first_week_or_after_now__are_not_counted() -> None:
    first = figures.mondays_until(NOW)[0]
    enroll(first - HOUR, first, NOW)
    assert sum(figures.enrollments_by_week(NOW).sums.values()) == 1


def test_weeks_in_another_time_zone__begin_there() -> None:
    enroll(THIS_WEEK - HOUR)
    with timezone.override(ZoneInfo("Europe/Prague")):
        sums = figures.enrollments_by_week(NOW).sums
    assert sums[datetime(2026, 3, 16, tzinfo=ZoneInfo("Europe/Prague"))] == 1


def test_weeks_across_a_change_of_the_clock__begin_at_midnight() -> None:
    with timezone.override(ZoneInfo("Europe/Prague")):
        mondays = figures.mondays_until(datetime(2026, 4, 8, tzinfo=UTC))
    assert [f"{monday:%d.%m. %H:%M %z}" for monday in mondays[-3:]] == [
        "23.03. 00:00 +0100",
        "30.03. 00:00 +0200",
        "06.04. 00:00 +0200",
    ]


def test_day_whose_midnight_occurs_twice__begins_at_the_first() -> None:
    with timezone.override(ZoneInfo("America/Havana")):
        midnight = figures.midnight(datetime(2025, 11, 2, 5, 30, tzinfo=UTC))  # 00:30 again
    assert midnight.astimezone(UTC) == datetime(2025, 11, 2, 4, tzinfo=UTC)


def test_small_table__is_read_as_a_whole() -> None:
    assert figures.enrollments_by_week(NOW).fraction_read == 1


def test_large_table__is_estimated_from_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "PAGES", 30)
    make_enrollments(4000)  # on some 60 pages
    weeks = figures.enrollments_by_week(NOW)
    assert weeks.fraction_read < 0.6
    assert sum(weeks.sums.values()) == pytest.approx(4000, rel=0.3)


def make_enrollments(number: int) -> None:
    """Insert enrollments of different students in the same hour."""
    course = CourseFactory.create()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH students AS (
                INSERT INTO users (email, password_hash, role)
                SELECT format('student%%s@example.org', n), '', 'student'
                  FROM generate_series(1, %s) AS n
             RETURNING id
            )
            INSERT INTO enrollments (student_id, course_id, enrolled_at)
            SELECT id, %s, %s FROM students
            """,
            [number, course.pk, NOW - HOUR],
        )


def test_revenue__is_the_sum_of_succeeded_payments_by_week() -> None:
    PaymentFactory.create(succeeded=True, amount="10.50", created_at=NOW - HOUR)
    PaymentFactory.create(succeeded=True, amount="4.50", created_at=THIS_WEEK)
    PaymentFactory.create(failed=True, amount="99", created_at=NOW - HOUR)
    PaymentFactory.create(amount="99", created_at=NOW - HOUR)
    assert figures.revenue_by_week(NOW)["USD"].sums[THIS_WEEK] == Decimal(15)


def test_revenue_in_currencies__is_by_currency_the_most_frequent_first() -> None:
    for currency, amount in (("EUR", 500), ("USD", 1), ("USD", 2)):
        PaymentFactory.create(
            succeeded=True, amount=amount, currency=currency, created_at=NOW - HOUR
        )
    revenue = figures.revenue_by_week(NOW)
    sums = [(currency, sum(weeks.sums.values())) for currency, weeks in revenue.items()]
    assert sums == [("USD", 3), ("EUR", 500)]


def test_revenue_without_payments__is_zero_in_each_week() -> None:
    [(currency, weeks)] = figures.revenue_by_week(NOW).items()
    assert (currency, len(weeks.sums), sum(weeks.sums.values())) == ("", figures.WEEKS, 0)


def test_activity__has_the_events_by_hour() -> None:
    for minutes in (0, 59, 60):
        time = datetime(2026, 3, 18, 9, tzinfo=UTC) + timedelta(minutes=minutes)
        AnalyticsEventFactory.create(timestamp=time)
    assert figures.events_by_hour(NOW).events == {
        datetime(2026, 3, 18, 9, tzinfo=UTC): 2,
        datetime(2026, 3, 18, 10, tzinfo=UTC): 1,
    }


def test_activity_before_the_first_day__is_not_counted() -> None:
    first = datetime(2026, 3, 12, tzinfo=UTC)
    AnalyticsEventFactory.create(timestamp=first - HOUR)
    AnalyticsEventFactory.create(timestamp=first)
    assert figures.events_by_hour(NOW).events == {first: 1}


@pytest.mark.parametrize("months", [[], ["03"], ["02", "03"]], ids=["none", "one", "two"])
def test_activity_of_too_many_events__is_estimated_by_hour(
    months: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_slow(milliseconds: int) -> Any:
        raise TooSlowError

    monkeypatch.setattr(figures, "at_most", too_slow)
    monkeypatch.setattr(figures, "PROBES", 40)
    with connection.cursor() as cursor:  # on some 110 pages, half of them before the first day
        for month in months:
            cursor.execute(
                f"CREATE TABLE analytics_events_2026_{month} PARTITION OF analytics_events"
                f" FOR VALUES FROM ('2026-{month}-01 00:00Z')"
                f" TO ('2026-{int(month) + 1:02}-01 00:00Z')"
            )
        cursor.execute(
            "INSERT INTO analytics_events (event_type, timestamp)"
            " SELECT 'seen', %s + n * interval '1 hour' / 1000 FROM generate_series(-4000, 3999) n",
            [datetime(2026, 3, 12, tzinfo=UTC)],
        )
        cursor.execute("ANALYZE analytics_events")
    found = figures.events_by_hour(NOW)
    hours = [datetime(2026, 3, 12, n, tzinfo=UTC) for n in range(4)]
    assert sorted(found.events) == hours
    assert list(found.events.values()) == pytest.approx([1000] * 4, rel=0.3)
    assert not found.exact


@pytest.mark.parametrize(
    ("hours", "place"), [(1, 0), (23, 0), (24, 1), (71, 1), (100, 2), (7 * 24, 3), (29 * 24, 4)]
)
def test_assignment_that_waits__is_counted_by_age(hours: int, place: int) -> None:
    AssignmentSubmissionFactory.create(submitted_at=NOW - hours * HOUR)
    [_, assignments] = figures.waiting_for_a_grade(NOW)
    assert list(assignments.counts) == [int(n == place) for n in range(len(AGES))]


def test_queue__says_since_when_the_oldest_waits() -> None:
    for days in (3, 9):
        time = NOW - timedelta(days=days)
        QuizSubmissionFactory.create(pending_review=True, started_at=time, submitted_at=time)
    [quizzes, assignments] = figures.waiting_for_a_grade(NOW)
    assert (quizzes.oldest, assignments.oldest) == (NOW - timedelta(days=9), None)


def test_submission_that_was_graded__does_not_wait() -> None:
    AssignmentSubmissionFactory.create(graded=True)
    QuizSubmissionFactory.create(graded=True)
    assert [sum(queue.counts) for queue in figures.waiting_for_a_grade(timezone.now())] == [0, 0]


def test_completion__is_of_the_courses_with_most_students() -> None:
    for number in range(figures.COURSES + 1):
        CourseAnalyticsFactory.create(
            course__title=f"Course {number}",
            total_enrollments=number + 10,
            completion_count=3,
            active_enrollments=4,
        )
    found = figures.completion_by_course()
    assert len(found) == figures.COURSES
    assert found[0] == Completion("Course 8", 3, 4, 11)


def test_course_without_enrollments__has_no_completion() -> None:
    CourseAnalyticsFactory.create(total_enrollments=0)
    assert figures.completion_by_course() == []
