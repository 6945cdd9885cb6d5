"""The 28 queries of the design, and the indexes that serve them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from pytest_django import DjangoDbBlocker

from communication.models import Message
from courses.models import Course
from enrollments.enums import EnrollmentStatus
from tests import factories
from tests.queries.catalogue import QUERIES, Platform, Query
from tests.queries.plans import explained, scans
from tests.queries.platform import empty, fill, look_up
from tests.support.contract import COLUMNS
from users.models import User

pytestmark = pytest.mark.django_db

TABLES = list(COLUMNS)

NEXT_PAGES: list[Any] = [
    pytest.param(
        lambda on, after: Course.objects.catalogue(on.course.category, on.course.difficulty, after),
        "courses_catalogue_idx",
        id="2 catalogue",
    ),
    pytest.param(
        lambda on, after: on.course.enrollments.roster(EnrollmentStatus.ACTIVE, after),
        "enrollments_roster_idx",
        id="9 roster",
    ),
    pytest.param(
        lambda on, after: Message.objects.conversation(on.conversation_id, after),
        "messages_conversation_idx",
        id="14 conversation",
    ),
]

# Query 28: PostgreSQL uses these indexes only to find rows that refer to a removed row.
REMOVAL_INDEXES = {
    "announcements_educator_idx",
    "assignment_subs_enrollment_idx",
    "assignment_subs_graded_by_idx",
    "assignment_subs_parent_idx",
    "assignment_subs_student_idx",
    "course_analytics_lesson_idx",
    "course_modules_prereq_idx",
    "discussion_posts_author_idx",
    "discussion_threads_author_idx",
    "enrollments_payment_idx",
    "lesson_progress_lesson_idx",
    "messages_parent_idx",
    "quiz_submissions_enroll_idx",
    "quiz_submissions_graded_by_idx",
    "quiz_submissions_student_idx",
    "quizzes_lesson_idx",
    "refunds_enrollment_idx",
    "refunds_payment_idx",
    "subscriptions_user_idx",
}


@pytest.fixture(scope="module")
def filled_platform(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Platform]:
    """Fill the database outside of the tests' transactions, in which VACUUM cannot run."""
    with django_db_blocker.unblock():
        fill()
        platform = look_up()
    yield platform
    with django_db_blocker.unblock():
        empty()


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_query_of_the_design__is_served_by_its_indexes(
    query: Query, filled_platform: Platform
) -> None:
    with explained() as plans:
        assert query.result(filled_platform), "The query must find rows, or its plan means nothing."
    used = {index for plan in plans for index in plan.indexes}
    read_whole = {table for plan in plans for table in plan.tables_read_whole}
    assert (query.indexes - used, read_whole) == (set(), set())


@pytest.mark.parametrize("query", [query for query in QUERIES if query.page], ids=str)
def test_page_of_a_long_list__is_read_without_the_rest(
    query: Query, filled_platform: Platform
) -> None:
    with explained() as plans:
        rows = query.result(filled_platform)
    [plan] = plans
    assert plan.rows_read <= 2 * len(rows)


def test_inbox__is_read_without_the_other_conversations(filled_platform: Platform) -> None:
    with explained() as plans:
        rows = list(Message.objects.inbox(filled_platform.correspondent))
    [plan] = plans
    # For each message of the result, PostgreSQL looks into both lists and reads one row by key.
    assert plan.rows_read < 4 * len(rows)


@pytest.mark.parametrize(("run", "index"), NEXT_PAGES)
def test_next_page_of_a_long_list__is_read_without_the_pages_before(
    run: Callable[[Platform, Any], QuerySet[Any]], index: str, filled_platform: Platform
) -> None:
    last_seen = run(filled_platform, None)[59]
    with explained() as plans:
        rows = list(run(filled_platform, last_seen)[:20])
    [plan] = plans
    assert (plan.indexes, plan.rows_read) == ({index}, 1 + len(rows))


def test_removal_of_a_user__reads_every_table_by_index(filled_platform: Platform) -> None:
    before = scans()
    User.objects.filter(pk=filled_platform.educator.pk).delete()
    after = scans()
    assert {
        table: (after[table][0] - before[table][0], after[table][1] > before[table][1])
        for table in TABLES
    } == dict.fromkeys(TABLES, (0, True))


def test_scan_of_a_small_table__counts_unless_a_smallest_size_is_given() -> None:
    factories.UserFactory.create()
    before = scans()["users"][0]
    list(User.objects.all())
    assert scans()["users"][0] == before + 1
    assert "users" not in scans(smallest=1_000)


def test_index_that_is_not_unique__serves_a_query() -> None:
    indexes = rows_of("""
        SELECT indexrelid::regclass::text
          FROM pg_index
         WHERE NOT indisunique AND indrelid = ANY (%s::regclass[])
    """)
    named = {index for query in QUERIES for index in query.indexes}
    assert {index for (index,) in indexes} - named == REMOVAL_INDEXES


def test_index_for_removal__is_the_only_one_of_a_foreign_key() -> None:
    indexes = rows_of("""
        SELECT min(indexrelid::regclass::text)
          FROM pg_constraint
          JOIN pg_index ON indrelid = conrelid AND indkey[0] = conkey[1] AND indpred IS NULL
         WHERE contype = 'f' AND conrelid = ANY (%s::regclass[])
         GROUP BY pg_constraint.oid
        HAVING count(*) = 1
    """)
    assert {index for (index,) in indexes} >= REMOVAL_INDEXES


def test_queries_of_the_design__are_complete() -> None:
    assert {query.number for query in QUERIES} | {28} == set(range(1, 29))


def rows_of(sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query whose parameter is the list of the 24 tables."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [TABLES])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
