"""The rows with the longest lists, on a platform of any size."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Model, QuerySet

from analytics.models import AnalyticsEvent
from assessments.models import Assignment, AssignmentSubmission, Quiz, QuizSubmission
from communication.models import DiscussionPost, DiscussionThread, Message
from courses.models import Course
from enrollments.enums import EnrollmentStatus
from enrollments.models import Certificate, Enrollment, LessonProgress
from notifications.models import Notification
from payments.models import Payment, Refund, Subscription
from tests.queries.catalogue import Platform
from users.models import User


def look_up() -> Platform:
    """Return the users and courses to query, or exit if the database has no such rows."""
    course = longest(Course, Enrollment.objects.all(), "course_id")
    active = Enrollment.objects.filter(status=EnrollmentStatus.ACTIVE)
    quizzes = QuizSubmission.objects.awaiting_review()
    assignments = AssignmentSubmission.objects.awaiting_review()
    return Platform(
        now=latest_time(),
        busy_user=longest(User, Notification.objects.all(), "recipient_id"),
        correspondent=longest(User, Message.objects.all(), "recipient_id"),
        student=longest(User, active, "student_id"),
        educator=longest(User, Course.objects.all(), "instructor_id"),
        course=course,
        enrollment=longest(Enrollment, LessonProgress.objects.all(), "enrollment_id"),
        quiz=longest(Quiz, quizzes, "quiz_id"),
        assignment=longest(Assignment, assignments, "assignment_id"),
        conversation_id=most(Message.objects.all(), "conversation_id"),
        thread=longest(DiscussionThread, DiscussionPost.objects.all(), "thread_id"),
        post=longest(DiscussionPost, DiscussionPost.objects.all(), "parent_post_id"),
        words=course.title,
        event_type=most(AnalyticsEvent.objects.all(), "event_type"),
        payment_intent=some(Payment, "stripe_payment_intent_id"),
        checkout_session=some(Payment, "stripe_checkout_session_id"),
        subscription=some(Subscription, "stripe_subscription_id"),
        refund=some(Refund, "stripe_refund_id"),
        certificate=some(Certificate, "certificate_id"),
    )


def latest_time() -> datetime:
    """Return the time of the last event, which is the current time of the platform."""
    latest = AnalyticsEvent.objects.aggregate(latest=Max("timestamp"))["latest"]
    return found(latest, AnalyticsEvent)  # type: ignore[no-any-return]


def longest[M: Model](model: type[M], rows: QuerySet[Any], column: str) -> M:
    """Return the row of `model` to which the largest number of rows refer."""
    return model._base_manager.get(pk=most(rows, column))


def most(rows: QuerySet[Any], column: str) -> Any:
    """Return the most frequent value of the column, or exit if there is none."""
    return found(most_or_none(rows, column), rows.model)


def some(model: type[Model], column: str) -> Any:
    """Return any value of the column, or exit if there is none."""
    rows = model._base_manager.filter(**{f"{column}__isnull": False})
    return found(rows.values_list(column, flat=True).first(), model)


def found(value: Any, model: type[Model]) -> Any:
    """Return the value, or exit if `value` is None, because the table has no such row."""
    if value is None:
        table, database = model._meta.db_table, connection.settings_dict["NAME"]
        raise SystemExit(
            f"Table {table} of database {database} has no rows to query. "
            "Fill it first: manage.py seed_demo --scale medium"
        )
    return value


def most_or_none(rows: QuerySet[Any], column: str) -> Any:
    """Return the most frequent value of the column, or None if all are NULL."""
    rows = rows.filter(**{f"{column}__isnull": False})
    grouped = rows.order_by().values_list(column).annotate(rows=Count("*")).order_by("-rows")
    first = grouped.first()
    return first[0] if first else None
