"""The rows that the queries for courses return."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from courses.enums import CourseStatus, Difficulty
from courses.models import Course
from tests.factories import CourseFactory, CourseModuleFactory, LessonFactory, UserFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAY = timedelta(days=1)


def test_published_courses__are_those_of_that_status() -> None:
    published = CourseFactory.create(published=True)
    for status in ("pending_review", "archived"):
        CourseFactory.create(**{status: True})
    assert list(Course.objects.published()) == [published]


def test_catalogue__is_of_one_category_and_difficulty() -> None:
    found = CourseFactory.create(published=True, category="art", difficulty=Difficulty.ADVANCED)
    CourseFactory.create(published=True, category="art", difficulty=Difficulty.BEGINNER)
    CourseFactory.create(published=True, category="law", difficulty=Difficulty.ADVANCED)
    CourseFactory.create(category="art", difficulty=Difficulty.ADVANCED)
    assert list(Course.objects.catalogue("art", Difficulty.ADVANCED)) == [found]


def test_catalogue__is_newest_first() -> None:
    old = CourseFactory.create(published=True, published_at=NOW - DAY)
    new = CourseFactory.create(published=True, published_at=NOW)
    assert list(Course.objects.catalogue(old.category, old.difficulty)) == [new, old]


def test_catalogue_after_each_of_its_courses__is_the_rest() -> None:
    for published_at in (NOW, NOW - DAY, NOW - DAY, NOW - DAY, NOW - 2 * DAY):
        CourseFactory.create(published=True, published_at=published_at)
    kind = "programming", Difficulty.BEGINNER
    courses = list(Course.objects.catalogue(*kind))
    pages = [list(Course.objects.catalogue(*kind, after=course)) for course in courses]
    assert pages == [courses[seen:] for seen in range(1, 6)]


def test_popular_courses__are_those_with_most_students_first() -> None:
    few, most, more = (
        CourseFactory.create(published=True, enrollment_count=count) for count in (1, 3, 2)
    )
    CourseFactory.create(enrollment_count=9)
    assert list(Course.objects.popular()) == [most, more, few]


def test_top_rated_courses__are_best_first_and_unrated_last() -> None:
    unrated = CourseFactory.create(published=True)
    proven, best, good = (
        CourseFactory.create(published=True, average_rating=Decimal(rating), total_reviews=reviews)
        for rating, reviews in (("4.00", 10), ("5.00", 1), ("4.00", 9))
    )
    CourseFactory.create(reviewed=True)
    assert list(Course.objects.top_rated()) == [best, proven, good, unrated]


def test_outline__is_in_order(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    course = CourseFactory.create()
    for module_number in (2, 1):
        module = CourseModuleFactory.create(course=course, order_number=module_number)
        for lesson_number in (2, 1):
            LessonFactory.create(module=module, order_number=lesson_number)
    with django_assert_num_queries(3):
        modules = Course.objects.with_outline().get(slug=course.slug).modules.all()
        order = [(m.order_number, le.order_number) for m in modules for le in m.lessons.all()]
    assert order == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_search__finds_other_forms_of_the_words_and_titles_first() -> None:
    in_text = CourseFactory.create(published=True, description="How databases are designed.")
    in_title = CourseFactory.create(published=True, title="Designing a database")
    CourseFactory.create(published=True, title="Designing a chair")
    CourseFactory.create(title="Database design")
    assert list(Course.objects.search("database design")) == [in_title, in_text]


def test_search__accepts_the_syntax_of_web_searches() -> None:
    found = CourseFactory.create(published=True, title="Data modelling")
    CourseFactory.create(published=True, title="Data modelling with spreadsheets")
    assert list(Course.objects.search('"data modelling" -spreadsheets')) == [found]


def test_courses_of_an_educator__are_of_a_status_and_last_changed_first() -> None:
    educator = UserFactory.create(educator=True)
    first, second = CourseFactory.create_batch(2, instructor=educator)
    CourseFactory.create(instructor=educator, published=True)
    CourseFactory.create()
    first.save()
    assert list(educator.taught_courses.with_status(CourseStatus.DRAFT)) == [first, second]


def test_courses_pending_review__are_oldest_first() -> None:
    new, old = (
        CourseFactory.create(pending_review=True, created_at=created_at)
        for created_at in (NOW, NOW - DAY)
    )
    CourseFactory.create(published=True)
    assert list(Course.objects.pending_review()) == [old, new]
