"""The declared search of each model."""

from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from analytics.models import AnalyticsEvent, CourseAnalytics, StudentAnalytics
from assessments.models import Assignment, AssignmentSubmission, Question, Quiz, QuizSubmission
from communication.models import Announcement, DiscussionPost, DiscussionThread, Message
from courses.models import Course, CourseModule, Lesson
from enrollments.models import Certificate, Enrollment, LessonProgress
from notifications.models import Notification
from payments.models import Payment, Refund, Subscription
from tests.admin.pages import BY_MODEL, each_model, model_admin, request_for
from users.models import User, UserProfile

pytestmark = pytest.mark.django_db
ODD_TERMS = ("'%_ \\ Žluťoučký 🎓", "a\x00b", "x" * 10_000)


def found(model: type[models.Model], term: str) -> list[Any]:
    """Return the rows that the search of `model` finds."""
    admin, request = model_admin(model), request_for(model)
    rows, _ = admin.get_search_results(request, admin.get_queryset(request), term)
    return list(rows)


SEARCHES: list[Any] = [
    (User, {"email": "ann@example.com"}, "Ann@"),
    (UserProfile, {"full_name": "Ann Example"}, "example"),
    (UserProfile, {"user__email": "ann@example.com"}, "ann@"),
    (Course, {"title": "Advanced SQL"}, "sql"),
    (Course, {"instructor__email": "ann@example.com"}, "ann@"),
    (CourseModule, {"title": "Joins"}, "join"),
    (Lesson, {"module__course__title": "SQL"}, "sql"),
    (Enrollment, {"student__email": "ann@example.com"}, "Ann@example.com"),
    (Enrollment, {"course__slug": "sql"}, "sql"),
    (LessonProgress, {"enrollment__student__email": "ann@example.com"}, "ann@example.com"),
    (Certificate, {"certificate_id": "C-1"}, "C-1"),
    (Certificate, {"enrollment__student__email": "ann@example.com"}, "ann@example.com"),
    (Quiz, {"title": "Joins"}, "join"),
    (Question, {"question_text": "What is a join?"}, "join"),
    (QuizSubmission, {"enrollment__student__email": "ann@example.com"}, "ann@example.com"),
    (Assignment, {"title": "Joins"}, "join"),
    (AssignmentSubmission, {"enrollment__student__email": "ann@example.com"}, "ann@example.com"),
    (Message, {"sender__email": "ann@example.com"}, "ann@example.com"),
    (Message, {"recipient__email": "ann@example.com"}, "ann@example.com"),
    (
        Message,
        {"conversation_id": "01a204f2-dd54-7217-8914-12ab7cfde595"},
        "01a204f2-dd54-7217-8914-12ab7cfde595",
    ),
    (DiscussionThread, {"title": "Joins"}, "join"),
    (DiscussionPost, {"content": "Use a join."}, "join"),
    (Announcement, {"title": "Joins"}, "join"),
    (Notification, {"recipient__email": "ann@example.com"}, "ann@example.com"),
    (CourseAnalytics, {"course__title": "SQL"}, "sql"),
    (StudentAnalytics, {"user__email": "ann@example.com"}, "ann@"),
    (AnalyticsEvent, {"user__email": "ann@example.com"}, "ann@example.com"),
    (Payment, {"stripe_payment_intent_id": "pi_x"}, "pi_x"),
    (Payment, {"stripe_checkout_session_id": "cs_x"}, "cs_x"),
    (Payment, {"user__email": "ann@example.com"}, "ann@example.com"),
    (Subscription, {"stripe_subscription_id": "sub_x"}, "sub_x"),
    (Subscription, {"stripe_customer_id": "cus_x"}, "cus_x"),
    (Refund, {"stripe_refund_id": "re_x"}, "re_x"),
    (Refund, {"payment__stripe_payment_intent_id": "pi_x"}, "pi_x"),
    (Refund, {"payment__user__email": "ann@example.com"}, "ann@example.com"),
]


@pytest.mark.parametrize(("model", "values", "term"), SEARCHES)
def test_search__finds_exactly_the_row(
    model: type[models.Model], values: dict[str, Any], term: str
) -> None:
    BY_MODEL[model].create()
    row = BY_MODEL[model].create(**values)
    assert found(model, term) == [row]


def test_searches__try_every_model() -> None:
    assert {model for model, _, _ in SEARCHES} == set(BY_MODEL)


@each_model
def test_odd_search__finds_nothing(model: type[models.Model]) -> None:
    BY_MODEL[model].create()
    assert [term for term in ODD_TERMS if found(model, term)] == []


@each_model
def test_search__takes_one_query_and_one_for_each_related_table(
    model: type[models.Model],
) -> None:
    BY_MODEL[model].create()
    steps = sum(field.count("__") for field in model_admin(model).search_fields)
    with CaptureQueriesContext(connection) as queries:
        found(model, "user1")
    assert len(queries) <= 2 + steps  # a course is also searched by words of its description
