"""Queries for assignments and for the submissions of students."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models

from assessments.enums import AssignmentGradingStatus, GradingStatus
from config.postgres import DistributedQuerySet
from enrollments.enums import EnrollmentStatus

if TYPE_CHECKING:
    # Ruff does not see that the base classes below name these models in quotes.
    from assessments.models import Assignment, AssignmentSubmission, QuizSubmission  # noqa: F401
    from users.models import User

AWAITING_REVIEW = (AssignmentGradingStatus.SUBMITTED, AssignmentGradingStatus.UNDER_REVIEW)


class QuizSubmissionQuerySet(DistributedQuerySet["QuizSubmission"]):
    """The queries for attempts at quizzes."""

    def attempts_of(self, student: "User") -> Self:
        """Query 10: return the attempts in order: `quiz.submissions.attempts_of(student)`."""
        return self.filter(student=student).order_by("attempt_number")

    def awaiting_review(self) -> Self:
        """Query 11: return those to grade, oldest first: `quiz.submissions.awaiting_review()`."""
        return self.filter(grading_status=GradingStatus.PENDING_REVIEW).order_by("submitted_at")


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    """The queries for assignments."""

    def due_for(
        self, student: "User", now: datetime, within: timedelta = timedelta(weeks=1)
    ) -> Self:
        """Query 12: return assignments due soon in the active courses of a student, in order."""
        return self.filter(
            lesson__module__course__enrollments__student=student,
            lesson__module__course__enrollments__status=EnrollmentStatus.ACTIVE,
            due_date__range=(now, now + within),
        ).order_by("due_date")


class AssignmentSubmissionQuerySet(DistributedQuerySet["AssignmentSubmission"]):
    """The queries for submissions of students."""

    def awaiting_review(self) -> Self:
        """Query 11: return those to grade, oldest first.

        `assignment.submissions.awaiting_review()`
        """
        return self.filter(grading_status__in=AWAITING_REVIEW).order_by("submitted_at")
