"""The rows that the queries for enrollments return."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from enrollments.enums import EnrollmentStatus
from enrollments.models import Certificate, Enrollment
from tests.factories import (
    CertificateFactory,
    CourseFactory,
    EnrollmentFactory,
    LessonProgressFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAY = timedelta(days=1)


def test_active_enrollments__are_neither_completed_nor_dropped() -> None:
    active = EnrollmentFactory.create()
    EnrollmentFactory.create(completed=True)
    EnrollmentFactory.create(dropped=True)
    assert list(Enrollment.objects.active()) == [active]


def test_home_of_a_student__is_last_accessed_first_and_never_accessed_last() -> None:
    student = UserFactory.create()
    never, before, last = (
        EnrollmentFactory.create(student=student, last_accessed_at=accessed_at)
        for accessed_at in (None, NOW - DAY, NOW)
    )
    EnrollmentFactory.create(student=student, dropped=True)
    EnrollmentFactory.create()
    assert list(student.enrollments.home()) == [last, before, never]


def test_home_of_a_student__includes_the_courses(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    enrollment = EnrollmentFactory.create()
    with django_assert_num_queries(1):
        courses = [found.course for found in enrollment.student.enrollments.home()]
    assert courses == [enrollment.course]


def test_roster_of_a_course__is_of_a_status_and_newest_first() -> None:
    course = CourseFactory.create()
    old, new = (
        EnrollmentFactory.create(course=course, enrolled_at=enrolled_at)
        for enrolled_at in (NOW - DAY, NOW)
    )
    EnrollmentFactory.create(course=course, dropped=True)
    EnrollmentFactory.create()
    assert list(course.enrollments.roster(EnrollmentStatus.ACTIVE)) == [new, old]


def test_roster_after_each_of_its_enrollments__is_the_rest() -> None:
    course = CourseFactory.create()
    for enrolled_at in (NOW, NOW - DAY, NOW - DAY, NOW - DAY, NOW - 2 * DAY):
        EnrollmentFactory.create(course=course, enrolled_at=enrolled_at)
    roster = list(course.enrollments.roster(EnrollmentStatus.ACTIVE))
    pages = [list(course.enrollments.roster(EnrollmentStatus.ACTIVE, after=e)) for e in roster]
    assert pages == [roster[seen:] for seen in range(1, 6)]


def test_progress_for_the_player__includes_the_lessons(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    progress = LessonProgressFactory.create()
    LessonProgressFactory.create()
    with django_assert_num_queries(1):
        lessons = [found.lesson for found in progress.enrollment.lesson_progress.for_player()]
    assert lessons == [progress.lesson]


def test_certificate_by_its_public_id__is_found() -> None:
    _, certificate = CertificateFactory.create_batch(2)
    found = Certificate.objects.get(certificate_id=certificate.certificate_id)
    assert found == certificate
