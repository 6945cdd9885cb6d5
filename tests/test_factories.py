"""Rows of factories that full_clean() and PostgreSQL accept in each state."""

from typing import Any

import pytest
from django.apps import apps
from factory.django import DjangoModelFactory

from tests.factories import (
    FACTORIES,
    AnnouncementFactory,
    AssignmentSubmissionFactory,
    DiscussionPostFactory,
    EnrollmentFactory,
    LessonProgressFactory,
    MessageFactory,
    QuizSubmissionFactory,
    RefundFactory,
    UserFactory,
)

STATES: list[Any] = [
    pytest.param(factory, traits, id="-".join([factory.__name__, *traits]))
    for factory in FACTORIES.values()
    for traits in ({}, *({trait: True} for trait in factory._meta.parameters))
]


def test_models_of_the_project__each_has_a_factory() -> None:
    tables = {
        model._meta.db_table
        for model in apps.get_models()
        if not model.__module__.startswith("django.")
    }
    assert set(FACTORIES) == tables


@pytest.mark.django_db
@pytest.mark.parametrize(("factory", "traits"), STATES)
def test_factory_in_each_state__row_is_clean(
    factory: type[DjangoModelFactory[Any]], traits: dict[str, bool]
) -> None:
    row = factory.create(**traits)
    row.refresh_from_db()
    row.full_clean()


@pytest.mark.django_db
def test_two_rows_of_each_factory__do_not_collide() -> None:
    for factory in FACTORIES.values():
        factory.create_batch(2)


@pytest.mark.django_db
def test_lesson_progress__enrollment_is_in_the_course_of_the_lesson() -> None:
    progress = LessonProgressFactory.create()
    assert progress.enrollment.course == progress.lesson.module.course


@pytest.mark.django_db
def test_quiz_submission__belongs_to_the_student_of_an_enrollment_in_the_course() -> None:
    submission = QuizSubmissionFactory.create()
    assert submission.student == submission.enrollment.student
    assert submission.enrollment.course == submission.quiz.lesson.module.course


@pytest.mark.django_db
def test_assignment_submission__belongs_to_the_student_of_an_enrollment_in_the_course() -> None:
    submission = AssignmentSubmissionFactory.create()
    assert submission.student == submission.enrollment.student
    assert submission.enrollment.course == submission.assignment.lesson.module.course


@pytest.mark.django_db
def test_assignment_submission_revision__is_of_the_same_student_for_the_same_assignment() -> None:
    first = AssignmentSubmissionFactory.create()
    second = AssignmentSubmissionFactory.create(revision=True, parent_submission=first)
    assert (second.assignment, second.student, second.enrollment, second.revision_number) == (
        first.assignment,
        first.student,
        first.enrollment,
        2,
    )


@pytest.mark.django_db
def test_enrollment_paid__payment_is_by_the_student_for_the_course() -> None:
    enrollment = EnrollmentFactory.create(paid=True)
    assert enrollment.payment is not None
    assert enrollment.payment.user == enrollment.student
    assert enrollment.payment.course == enrollment.course


@pytest.mark.django_db
def test_refund_of_enrollment__enrollment_is_the_one_that_was_paid() -> None:
    refund = RefundFactory.create(of_enrollment=True)
    assert refund.enrollment is not None
    assert refund.enrollment.payment == refund.payment
    assert refund.enrollment.student == refund.payment.user
    assert refund.enrollment.course == refund.payment.course


@pytest.mark.django_db
def test_message_reply__is_to_the_sender_in_the_same_conversation() -> None:
    message = MessageFactory.create()
    reply = MessageFactory.create(reply=True, parent_message=message)
    assert (reply.sender, reply.recipient) == (message.recipient, message.sender)
    assert reply.conversation_id == message.conversation_id


@pytest.mark.django_db
def test_discussion_post_reply__is_in_the_same_thread() -> None:
    reply = DiscussionPostFactory.create(reply=True)
    assert reply.parent_post is not None
    assert reply.thread == reply.parent_post.thread


@pytest.mark.django_db
def test_announcement__is_by_the_instructor_of_the_course() -> None:
    announcement = AnnouncementFactory.create()
    assert announcement.educator == announcement.course.instructor


@pytest.mark.django_db
def test_user_with_a_password__password_is_hashed() -> None:
    assert UserFactory.create(password="correct horse").check_password("correct horse")


@pytest.mark.django_db
def test_user_by_default__has_no_usable_password() -> None:
    assert not UserFactory.create().has_usable_password()
