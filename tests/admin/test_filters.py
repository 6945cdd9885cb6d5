"""Filters by days, numbers and related records, and lists that take too long."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib import admin
from django.db import connection, models
from django.test import Client
from django.utils import timezone

from analytics.models import AnalyticsEvent
from assessments.models import Quiz
from config.admin import changelist
from config.admin.bounds import Count, TooSlowError, at_most, count_up_to
from courses.models import Course
from enrollments.models import Enrollment
from payments.models import Payment
from tests.admin.pages import changelist_of, url
from tests.factories import (
    CourseFactory,
    EnrollmentFactory,
    LessonFactory,
    PaymentFactory,
    QuizFactory,
    UserProfileFactory,
)
from tests.support.migrations import run_sql
from users.models import User

pytestmark = pytest.mark.django_db


def listed(model: type[models.Model], **parameters: Any) -> list[Any]:
    return list(changelist_of(model, **parameters).result_list)


# Days and numbers


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"created_at_from": "2026-03-02"}, True),
        ({"created_at_from": "2026-03-03"}, False),
        ({"created_at_to": "2026-03-02"}, True),
        ({"created_at_to": "2026-03-01"}, False),
        ({"created_at_from": "2026-03-02", "created_at_to": "2026-03-02"}, True),
        ({"created_at_from": "", "created_at_to": ""}, True),
        ({"created_at_to": "9999-12-31"}, True),
    ],
)
def test_filter_by_days__includes_both_ends(parameters: dict[str, str], found: bool) -> None:
    CourseFactory.create(created_at=datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC))
    assert bool(listed(Course, **parameters)) is found


def test_filter_by_days__means_the_days_of_the_viewer() -> None:
    course = CourseFactory.create(created_at=datetime(2026, 3, 1, 16, tzinfo=UTC))  # 01:00 in Tokyo
    days = {"created_at_from": "2026-03-02", "created_at_to": "2026-03-02"}
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert listed(Course, **days) == [course]


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"price_from": "49.00"}, True),
        ({"price_from": "49.01"}, False),
        ({"price_to": "49"}, True),
        ({"price_to": "48.99"}, False),
        ({"price_from": "0", "price_to": "100"}, True),
        ({"enrollment_count_from": "-0.5", "enrollment_count_to": "0.5"}, True),
        ({"enrollment_count_from": "99999999999999999999"}, False),
    ],
)
def test_filter_by_numbers__includes_both_ends(parameters: dict[str, str], found: bool) -> None:
    CourseFactory.create(paid=True)
    assert bool(listed(Course, **parameters)) is found


def test_filter_by_a_record__finds_its_rows_and_names_it(admin_client: Client) -> None:
    enrollment = EnrollmentFactory.create()
    EnrollmentFactory.create()
    parameters = {"course__id__exact": str(enrollment.course_id)}
    assert listed(Enrollment, **parameters) == [enrollment]
    html = admin_client.get(url(Enrollment, "changelist"), parameters).content.decode()
    assert f'<option value="{enrollment.course_id}" selected>' in html


@pytest.mark.parametrize("parameters", [{}, {"course__id__exact": ""}], ids=["alone", "empty form"])
def test_filter_by_null__finds_rows_without_a_related_record(parameters: dict[str, str]) -> None:
    PaymentFactory.create()
    payment = PaymentFactory.create(course=None)
    assert listed(Payment, course__isnull="True", **parameters) == [payment]


def test_filters_of_a_list__offer_no_list_of_all_records(admin_client: Client) -> None:
    user = EnrollmentFactory.create().student
    html = admin_client.get(url(Enrollment, "changelist")).content.decode()
    assert f'<option value="{user.pk}"' not in html


# Bounds


def test_rows_up_to_the_limit__are_counted_exactly(db: None) -> None:
    CourseFactory.create_batch(2)
    assert count_up_to(2, [Course.objects.all()]) == [Count(2)]


def test_rows_beyond_the_limit__are_shown_as_at_least_the_limit(db: None) -> None:
    CourseFactory.create_batch(3)
    counts = count_up_to(2, [Course.objects.all(), Course.objects.none(), Enrollment.objects.all()])
    assert [str(count) for count in counts] == ["2+", "0", "0"]


def test_statement_that_takes_too_long__is_cancelled(db: None) -> None:
    with pytest.raises(TooSlowError), at_most(1), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(1)")
    assert not Course.objects.exists()


def test_statement_after_the_block__has_the_time_that_it_had_before(db: None) -> None:
    with at_most(60_000):
        pass
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_nested_block__leaves_the_outer_time_limit(db: None) -> None:
    with at_most(60_000), connection.cursor() as cursor:
        with at_most(50_000):
            pass
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("1min",)


def summary(**parameters: Any) -> str:
    return str(changelist_of(Course, **parameters).summary)


@pytest.mark.parametrize(("number", "expected"), [(0, "0 courses"), (1, "1 course")])
def test_list_of_few_rows__shows_their_exact_number(number: int, expected: str) -> None:
    CourseFactory.create_batch(number)
    assert summary() == expected


@pytest.fixture
def two_rows_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let lists count up to two rows, and scan the newest two."""
    monkeypatch.setattr(changelist, "LISTED_ROWS", 2)
    monkeypatch.setattr(changelist, "NEWEST_ROWS", 2)


@pytest.mark.usefixtures("two_rows_counted")
def test_list_of_more_rows_than_are_counted__shows_an_approximate_number() -> None:
    CourseFactory.create_batch(12)
    run_sql("ANALYZE courses")
    assert summary() == "about 12 courses"
    assert summary(status="draft") == "more than 2 courses"


@pytest.fixture
def queries_too_slow(two_rows_counted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every query with a time limit take too long."""

    def too_slow(milliseconds: int, **values: str) -> Any:
        raise TooSlowError

    monkeypatch.setattr(changelist, "at_most", too_slow)


@pytest.mark.usefixtures("queries_too_slow")
def test_list_that_takes_too_long__is_labelled_as_that_of_the_newest_rows(
    admin_client: Client,
) -> None:
    courses = CourseFactory.create_batch(3)
    response = admin_client.get(url(Course, "changelist"), {"price_to": "10"})
    assert list(response.context["cl"].result_list) == [courses[2], courses[1]]
    assert "only the newest 2 courses were searched" in " ".join(response.content.decode().split())


@pytest.mark.usefixtures("queries_too_slow")
def test_slow_list_of_a_small_table__is_complete() -> None:
    course = CourseFactory.create()
    found = changelist_of(Course, price_to="10")
    assert list(found.result_list) == [course]
    assert found.paginator.newest is None


@pytest.fixture
def slow_to_count(two_rows_counted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let counts take too long unless an index serves them."""

    def too_slow(limit: int, querysets: Any) -> Any:
        raise TooSlowError

    monkeypatch.setattr(changelist, "count_up_to", too_slow)


@pytest.mark.usefixtures("slow_to_count")
def test_filter_that_an_index_serves__finds_old_rows_too() -> None:
    old = EnrollmentFactory.create()
    EnrollmentFactory.create_batch(3)
    parameters = {"course__id__exact": str(old.course_id)}
    found = changelist_of(Enrollment, **parameters)
    assert list(found.result_list) == [old]
    assert found.summary == "1 enrollment"
    assert found.paginator.newest is None


@pytest.mark.usefixtures("slow_to_count")
def test_filter_that_no_index_serves__finds_new_rows() -> None:
    courses = CourseFactory.create_batch(3)
    parameters = {"price_to": "10", "o": "1"}
    found = changelist_of(Course, **parameters)
    assert set(found.result_list) == set(courses[1:])
    assert found.paginator.newest == 2


@pytest.mark.usefixtures("slow_to_count")
def test_filter_that_many_new_rows_pass__is_not_limited_to_the_newest_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changelist, "NEWEST_ROWS", 3)
    courses = CourseFactory.create_batch(4)
    found = changelist_of(Course, price_to="10")
    assert list(found.result_list) == courses[::-1]
    assert found.summary == "more than 2 courses"
    assert found.paginator.newest is None


def test_filtered_list_ordered_by_a_related_record__has_the_order_of_the_related_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admin.site.get_model_admin(Quiz), "list_per_page", 2)
    lessons = [LessonFactory.create(order_number=number) for number in (3, 1, 2)]
    quizzes = [QuizFactory.create(lesson=lesson) for lesson in lessons]
    found = listed(Quiz, o="2", passing_score_percentage_from="0")
    assert found == [quizzes[1], quizzes[2]]


def test_order_by_an_unsortable_column__is_ignored() -> None:
    found = changelist_of(AnalyticsEvent, o="1.-2.3")
    assert set(found.queryset.query.order_by) == {"-pk"}


# Times


def test_times__are_in_the_zone_of_the_viewer(admin_client: Client) -> None:
    UserProfileFactory.create(user=User.objects.get(), timezone="Asia/Tokyo")
    CourseFactory.create(published_at=datetime(2026, 3, 1, 16, tzinfo=UTC))
    assert ">2 Mar 2026, 01:00<" in admin_client.get(url(Course, "changelist")).content.decode()


@pytest.mark.parametrize("zone", ["Middle/Earth", "Europe", "localtime", "UTC"])
def test_times_of_a_viewer_without_a_valid_zone__are_in_that_of_the_project(
    admin_client: Client, zone: str
) -> None:
    UserProfileFactory.create(user=User.objects.get(), timezone=zone)
    CourseFactory.create(published_at=datetime(2026, 3, 1, 16, tzinfo=UTC))
    assert ">1 Mar 2026, 16:00<" in admin_client.get(url(Course, "changelist")).content.decode()
    assert timezone.get_current_timezone_name() == "UTC"
