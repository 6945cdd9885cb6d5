"""What is asked of assignments and of what students hand in."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models

from assessments.enums import AssignmentGradingStatus, GradingStatus
from enrollments.enums import EnrollmentStatus

if TYPE_CHECKING:
    # Named in quotes below, which ruff does not see in a base class.
    from assessments.models import Assignment, AssignmentSubmission, QuizSubmission  # noqa: F401
    from users.models import User

AWAITING_REVIEW = (AssignmentGradingStatus.SUBMITTED, AssignmentGradingStatus.UNDER_REVIEW)


class QuizSubmissionQuerySet(models.QuerySet["QuizSubmission"]):
    """Attempts at quizzes."""

    def attempts_of(self, student: "User") -> Self:
        """Query 10: `quiz.submissions.attempts_of(student)`, in order."""
        return self.filter(student=student).order_by("attempt_number")

    def awaiting_review(self) -> Self:
        """Query 11: oldest first; of one quiz: `quiz.submissions.awaiting_review()`."""
        return self.filter(grading_status=GradingStatus.PENDING_REVIEW).order_by("submitted_at")


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    """Assignments of courses."""

    def due_for(
        self, student: "User", now: datetime, within: timedelta = timedelta(weeks=1)
    ) -> Self:
        """Query 12: what a student has to hand in soon for the active courses, first due first."""
        return self.filter(
            lesson__module__course__enrollments__student=student,
            lesson__module__course__enrollments__status=EnrollmentStatus.ACTIVE,
            due_date__range=(now, now + within),
        ).order_by("due_date")


class AssignmentSubmissionQuerySet(models.QuerySet["AssignmentSubmission"]):
    """What students handed in."""

    def awaiting_review(self) -> Self:
        """Query 11: oldest first; of one: `assignment.submissions.awaiting_review()`."""
        return self.filter(grading_status__in=AWAITING_REVIEW).order_by("submitted_at")
