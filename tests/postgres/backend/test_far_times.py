"""Times that PostgreSQL can store and Python cannot."""

import pytest
from django.db import connection

from config.postgres import FarTime
from courses.models import Course
from tests.factories import CourseFactory
from tests.support.migrations import run_sql

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "text", ["infinity", "-infinity", "10000-01-01 00:00:00+00", "0001-12-31 23:59:59.5+00 BC"]
)
def test_far_time_read_and_sent__is_the_same(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        [moment] = cursor.fetchone()
        cursor.execute("SELECT %s::text, %s = %s::timestamptz", [moment, moment, text])
        assert cursor.fetchone() == (text, True)


def test_row_with_a_far_time_saved_by_code__keeps_it() -> None:
    CourseFactory.create()
    run_sql("UPDATE courses SET published_at = '20000-01-01'")
    course = Course.objects.get()
    course.save()
    assert Course.objects.filter(published_at=FarTime.of("20000-01-01 00:00:00+00")).exists()


def test_far_times__have_the_earliest_and_the_latest_year() -> None:
    early, late = FarTime.of("0044-03-15 00:00:00+00 BC"), FarTime.of("infinity")
    assert (early.year, late.year) == (1, 9999)
