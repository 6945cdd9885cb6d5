"""The 28 queries of the design, the indexes that serve them, and the absence of other indexes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from pytest_django import DjangoDbBlocker

from analytics.models import AnalyticsEvent
from assessments.models import Assignment, AssignmentSubmission, QuizSubmission
from communication.models import Announcement, Message
from courses.enums import CourseStatus, Difficulty
from courses.models import Course
from enrollments.enums import EnrollmentStatus
from enrollments.models import Certificate
from notifications.models import Notification
from payments.models import Payment, Refund, Subscription
from tests.queries.plans import explained
from tests.queries.platform import NOW, Platform, empty, fill, look_up
from tests.support.contract import COLUMNS
from users.models import User

pytestmark = pytest.mark.django_db

TABLES = list(COLUMNS)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Query:
    """A query of the design, by its number there, and the indexes that must serve it."""

    number: int
    name: str
    run: Callable[[Platform], Any]
    indexes: set[str]
    page: bool = False  # True if it returns a page of a longer list, in the index's order.

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


QUERIES = [
    Query(
        1,
        "login",
        lambda on: User.objects.active().get(email=on.student.email.upper()),
        {"users_email_uniq"},
    ),
    Query(
        2,
        "catalogue",
        lambda on: Course.objects.catalogue("programming", Difficulty.BEGINNER)[:20],
        {"courses_catalogue_idx"},
        page=True,
    ),
    Query(
        3,
        "catalogue by popularity",
        lambda on: Course.objects.popular()[:20],
        {"courses_popular_idx"},
        page=True,
    ),
    Query(
        3,
        "catalogue by rating",
        lambda on: Course.objects.top_rated()[:20],
        {"courses_rating_idx"},
        page=True,
    ),
    Query(
        4,
        "course page",
        lambda on: Course.objects.with_outline().get(slug="course-77"),
        {"courses_slug_uniq", "course_modules_order_uniq", "lessons_order_uniq"},
    ),
    Query(
        5,
        "search",
        lambda on: Course.objects.search("dared topic42")[:20],
        {"courses_search_idx"},
    ),
    Query(
        6,
        "student home",
        lambda on: on.student.enrollments.home(),
        {"enrollments_student_course_uniq", "courses_pkey"},
    ),
    Query(
        7,
        "player",
        lambda on: on.enrollment.lesson_progress.for_player(),
        {"lesson_progress_enrollment_lesson_uniq", "lessons_pkey"},
    ),
    Query(
        8,
        "educator home",
        lambda on: on.educator.taught_courses.with_status(CourseStatus.DRAFT),
        {"courses_instructor_idx"},
    ),
    Query(
        9,
        "roster",
        lambda on: on.course.enrollments.roster(EnrollmentStatus.ACTIVE)[:50],
        {"enrollments_roster_idx"},
        page=True,
    ),
    Query(
        10,
        "quiz start, attempts",
        lambda on: on.quiz.submissions.attempts_of(on.student),
        {"quiz_submissions_attempt_uniq"},
    ),
    Query(
        10,
        "quiz start, questions",
        lambda on: on.quiz.questions.all(),
        {"questions_order_uniq"},
    ),
    Query(
        11,
        "grading queue of quizzes",
        lambda on: QuizSubmission.objects.awaiting_review()[:50],
        {"quiz_submissions_review_idx"},
    ),
    Query(
        11,
        "grading queue of a quiz",
        lambda on: on.quiz.submissions.awaiting_review()[:50],
        {"quiz_submissions_review_idx"},
        page=True,
    ),
    Query(
        11,
        "grading queue of assignments",
        lambda on: AssignmentSubmission.objects.awaiting_review()[:50],
        {"assignment_subs_review_idx"},
    ),
    Query(
        11,
        "grading queue of an assignment",
        lambda on: on.assignment.submissions.awaiting_review()[:50],
        {"assignment_subs_review_idx"},
        page=True,
    ),
    Query(
        12,
        "deadlines",
        lambda on: Assignment.objects.due_for(on.student, NOW),
        {
            "enrollments_student_course_uniq",
            "course_modules_order_uniq",
            "lessons_order_uniq",
            "assignments_due_idx",
        },
    ),
    Query(
        13,
        "inbox",
        lambda on: Message.objects.inbox(on.student)[:20],
        {"messages_sender_idx", "messages_recipient_idx", "messages_pkey"},
    ),
    Query(
        14,
        "conversation",
        lambda on: Message.objects.conversation(on.conversation_id)[:50],
        {"messages_conversation_idx"},
        page=True,
    ),
    Query(
        15,
        "badge of messages",
        lambda on: on.student.received_messages.unread().count(),
        {"messages_unread_idx"},
    ),
    Query(
        15,
        "badge of notifications",
        lambda on: on.student.notifications.unread().count(),
        {"notifications_unread_idx"},
    ),
    Query(
        16,
        "bell",
        lambda on: on.busy_user.notifications.newest_first()[:20],
        {"notifications_recipient_idx"},
        page=True,
    ),
    Query(
        17,
        "sweep",
        lambda on: Notification.objects.expired(NOW)[:100],
        {"notifications_expiry_idx"},
        page=True,
    ),
    Query(
        18,
        "forum",
        lambda on: on.course.discussion_threads.forum()[:20],
        {"discussion_threads_forum_idx"},
        page=True,
    ),
    Query(
        19,
        "thread",
        lambda on: on.thread.posts.in_order()[:50],
        {"discussion_posts_thread_idx"},
        page=True,
    ),
    Query(
        19,
        "replies",
        lambda on: on.post.replies.in_order()[:50],
        {"discussion_posts_parent_idx"},
        page=True,
    ),
    Query(
        20,
        "announcements",
        lambda on: on.course.announcements.published()[:20],
        {"announcements_course_idx"},
        page=True,
    ),
    Query(
        20,
        "announcements that are due",
        lambda on: Announcement.objects.due(NOW)[:20],
        {"announcements_due_idx"},
    ),
    Query(
        21,
        "timeline",
        lambda on: on.busy_user.analytics_events.between(NOW - 100 * DAY, NOW)[:100],
        {"analytics_events_user_idx"},
        page=True,
    ),
    Query(
        22,
        "reporting",
        lambda on: AnalyticsEvent.objects.per_hour("type 3", NOW - 10 * DAY, NOW),
        {"analytics_events_time_idx"},
    ),
    Query(
        23,
        "billing of a user",
        lambda on: on.busy_user.payments.newest_first()[:20],
        {"payments_user_idx"},
        page=True,
    ),
    Query(
        23,
        "billing of a course",
        lambda on: on.course.payments.newest_first()[:20],
        {"payments_course_idx"},
        page=True,
    ),
    Query(
        23,
        "billing, stuck in pending",
        lambda on: Payment.objects.stuck(NOW - DAY)[:20],
        {"payments_pending_idx"},
        page=True,
    ),
    Query(
        24,
        "reconciliation of a payment",
        lambda on: Payment.objects.get(stripe_payment_intent_id="pi_42"),
        {"payments_stripe_payment_intent_id_uniq"},
    ),
    Query(
        24,
        "reconciliation of a checkout",
        lambda on: Payment.objects.get(stripe_checkout_session_id="cs_42"),
        {"payments_stripe_checkout_session_id_uniq"},
    ),
    Query(
        24,
        "reconciliation of a subscription",
        lambda on: Subscription.objects.get(stripe_subscription_id="sub_42"),
        {"subscriptions_stripe_subscription_id_uniq"},
    ),
    Query(
        24,
        "reconciliation of a refund",
        lambda on: Refund.objects.get(stripe_refund_id="re_42"),
        {"refunds_stripe_refund_id_uniq"},
    ),
    Query(
        25,
        "renewals",
        lambda on: Subscription.objects.renewing(NOW + DAY)[:100],
        {"subscriptions_renewal_idx"},
    ),
    Query(
        26,
        "certificate",
        lambda on: Certificate.objects.get(certificate_id="C-50"),
        {"certificates_certificate_id_uniq"},
    ),
    Query(
        27,
        "moderation",
        lambda on: Course.objects.pending_review()[:20],
        {"courses_pending_review_idx"},
        page=True,
    ),
]

NEXT_PAGES: list[Any] = [
    pytest.param(
        lambda on, after: Course.objects.catalogue("programming", Difficulty.BEGINNER, after),
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

# Query 28: PostgreSQL uses these only to find the rows that refer to a removed row.
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
def platform(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Platform]:
    """Fill the database outside of the tests' transactions, in which VACUUM cannot run."""
    with django_db_blocker.unblock():
        fill()
        platform = look_up()
    yield platform
    with django_db_blocker.unblock():
        empty()


def result_of(query: Query, platform: Platform) -> Any:
    """Run the query, and return its rows or its value."""
    result = query.run(platform)
    return list(result) if isinstance(result, QuerySet) else result


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_query_of_the_design__is_served_by_its_indexes(query: Query, platform: Platform) -> None:
    with explained() as plans:
        assert result_of(query, platform), "The query must find rows, or its plan means nothing."
    used = {index for plan in plans for index in plan.indexes}
    read_whole = {table for plan in plans for table in plan.tables_read_whole}
    assert (query.indexes - used, read_whole) == (set(), set())


@pytest.mark.parametrize("query", [query for query in QUERIES if query.page], ids=str)
def test_page_of_a_long_list__is_read_without_the_rest(query: Query, platform: Platform) -> None:
    with explained() as plans:
        rows = result_of(query, platform)
    [plan] = plans
    assert plan.rows_read <= 2 * len(rows)


@pytest.mark.parametrize(("run", "index"), NEXT_PAGES)
def test_next_page_of_a_long_list__is_read_without_those_before(
    run: Callable[[Platform, Any], QuerySet[Any]], index: str, platform: Platform
) -> None:
    last_seen = run(platform, None)[59]
    with explained() as plans:
        rows = list(run(platform, last_seen)[:20])
    [plan] = plans
    assert (plan.indexes, plan.rows_read) == ({index}, 1 + len(rows))


def test_removal_of_a_user__reads_every_table_by_index(platform: Platform) -> None:
    before = scans()
    User.objects.filter(pk=platform.educator.pk).delete()
    after = scans()
    assert {
        table: (whole - before[table][0], by_index > before[table][1])
        for table, (whole, by_index) in after.items()
    } == dict.fromkeys(TABLES, (0, True))


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


def scans() -> dict[str, tuple[int, int]]:
    """Return how often this transaction has scanned each table, in full and by index."""
    counts = rows_of("""
        SELECT relname, seq_scan, idx_scan
          FROM pg_stat_xact_user_tables
         WHERE relid = ANY (%s::regclass[])
    """)
    return {table: (whole, by_index) for table, whole, by_index in counts}


def rows_of(sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query whose parameter is the list of the 24 tables."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [TABLES])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
