"""The rows that the queries for quizzes and assignments return."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from assessments.models import Assignment, AssignmentSubmission, QuizSubmission
from tests.factories import (
    AssignmentFactory,
    AssignmentSubmissionFactory,
    EnrollmentFactory,
    QuestionFactory,
    QuizFactory,
    QuizSubmissionFactory,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAY = timedelta(days=1)


def test_attempts_of_a_student_at_a_quiz__are_in_order() -> None:
    second = QuizSubmissionFactory.create(attempt_number=2)
    quiz, enrollment = second.quiz, second.enrollment
    first = QuizSubmissionFactory.create(quiz=quiz, enrollment=enrollment, attempt_number=1)
    QuizSubmissionFactory.create(quiz=quiz)
    QuizSubmissionFactory.create(enrollment=enrollment)
    assert list(quiz.submissions.attempts_of(second.student)) == [first, second]


def test_questions_of_a_quiz__are_in_order() -> None:
    quiz = QuizFactory.create()
    second = QuestionFactory.create(quiz=quiz, order_number=2)
    first = QuestionFactory.create(quiz=quiz, order_number=1)
    assert list(quiz.questions.all()) == [first, second]


def test_quiz_submissions_awaiting_review__are_oldest_first() -> None:
    new, old = (
        QuizSubmissionFactory.create(pending_review=True, submitted_at=NOW - days * DAY)
        for days in (0, 1)
    )
    QuizSubmissionFactory.create(submitted=True)
    QuizSubmissionFactory.create(graded=True)
    assert list(QuizSubmission.objects.awaiting_review()) == [old, new]


def test_quiz_submissions_awaiting_review__are_those_of_the_quiz() -> None:
    submission, _ = QuizSubmissionFactory.create_batch(2, pending_review=True)
    assert list(submission.quiz.submissions.awaiting_review()) == [submission]


def test_assignment_submissions_awaiting_review__are_oldest_first() -> None:
    new = AssignmentSubmissionFactory.create(submitted_at=NOW)
    old = AssignmentSubmissionFactory.create(submitted_at=NOW - DAY, under_review=True)
    AssignmentSubmissionFactory.create(graded=True)
    AssignmentSubmissionFactory.create(revision_requested=True)
    assert list(AssignmentSubmission.objects.awaiting_review()) == [old, new]


def test_assignment_submissions_awaiting_review__are_those_of_the_assignment() -> None:
    submission, _ = AssignmentSubmissionFactory.create_batch(2)
    assert list(submission.assignment.submissions.awaiting_review()) == [submission]


@pytest.mark.parametrize(
    ("due_in", "is_found"),
    [(-1 * DAY, False), (0 * DAY, True), (7 * DAY, True), (8 * DAY, False)],
)
def test_deadlines__are_those_of_the_next_week(due_in: timedelta, is_found: bool) -> None:
    assignment = AssignmentFactory.create(due_date=NOW + due_in)
    enrollment = EnrollmentFactory.create(course=assignment.lesson.module.course)
    assert Assignment.objects.due_for(enrollment.student, NOW).exists() is is_found


def test_deadlines__are_in_order_of_due_date() -> None:
    later = AssignmentFactory.create(due_date=NOW + 2 * DAY)
    sooner = AssignmentFactory.create(due_date=NOW + DAY, lesson=later.lesson)
    student = EnrollmentFactory.create(course=later.lesson.module.course).student
    assert list(Assignment.objects.due_for(student, NOW)) == [sooner, later]


@pytest.mark.parametrize("state", ["completed", "dropped"])
def test_deadlines_of_a_course_no_longer_taken__are_none(state: str) -> None:
    traits: dict[str, Any] = {state: True}
    assignment = AssignmentFactory.create()
    enrollment = EnrollmentFactory.create(course=assignment.lesson.module.course, **traits)
    EnrollmentFactory.create(course=enrollment.course)
    assert list(Assignment.objects.due_for(enrollment.student, NOW)) == []
