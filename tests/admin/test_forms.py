"""Forms: defaults of the database, and messages about refused values."""

import secrets
from typing import Any

import pytest
from django.db import NotSupportedError, connection, models
from django.db.models.signals import pre_save
from django.test import Client
from django.utils import timezone

from analytics.models import StudentAnalytics
from assessments.models import Assignment, AssignmentSubmission, Question, Quiz, QuizSubmission
from communication.models import DiscussionPost, Message
from config.admin.violations import TOO_LONG, violated, violation_of
from courses.models import Course, CourseModule, Lesson
from enrollments.models import Certificate, Enrollment, LessonProgress
from notifications.models import Notification
from payments.models import Payment, Refund, Subscription
from tests.admin.pages import (
    BY_MODEL,
    READ_ONLY,
    add_form,
    data_to_add,
    each_of,
    errors,
    form_data,
    form_of,
    page_data,
    url,
    valid_data,
)
from tests.factories import (
    CourseFactory,
    CourseModuleFactory,
    LessonFactory,
    NotificationFactory,
    QuizSubmissionFactory,
    StudentAnalyticsFactory,
    SubscriptionFactory,
    UserFactory,
)
from tests.support.migrations import run_sql
from users.models import UserProfile

# Defaults


def test_add_form_of_a_quiz__is_filled_in_with_defaults(admin_client: Client) -> None:
    assert form_data(form_of(admin_client, url(Quiz, "add"))) == {
        "description": "",
        "max_attempts": "0",
        "show_correct_answers": "True",
        "show_explanations": "True",
    }


@pytest.mark.parametrize(
    ("field", "offered"),
    [
        ("status", ["draft", "pending_review", "published", "archived"]),
        ("difficulty", ["", "beginner", "intermediate", "advanced"]),
    ],
    ids=["with a default", "without one"],
)
def test_enum_in_an_add_form__must_be_chosen_unless_it_has_a_default(
    field: str, offered: list[str]
) -> None:
    assert [value for value, _ in add_form(Course)().fields[field].choices] == offered


def test_field_of_a_form__is_explained_by_the_comment_of_its_column(admin_client: Client) -> None:
    form = form_of(admin_client, url(Quiz, "add"))
    assert (
        form.fields["max_attempts"].help_text == "Number of attempts per student; 0 if unlimited."
    )


# Saving


def test_submission_saved_untouched__keeps_its_microseconds(admin_client: Client) -> None:
    start = timezone.now().replace(microsecond=1)
    submission = QuizSubmissionFactory.create(started_at=start, submitted_at=start)
    address = url(QuizSubmission, "change", submission.pk)
    admin_client.post(address, page_data(admin_client, address))
    submission.refresh_from_db()
    assert (submission.started_at, submission.submitted_at) == (start, start)


@each_of(Course)
def test_valid_form__adds_the_row(admin_client: Client, model: type[models.Model]) -> None:
    data = valid_data(admin_client, model)
    response = admin_client.post(url(model, "add"), data)
    assert response.status_code == 302
    form = type(form_of(admin_client, url(model, "add")))
    assert data.items() >= form_data(form(instance=model._default_manager.get())).items()


def test_add_form_with_only_the_required_values__adds_a_course(admin_client: Client) -> None:
    untouched = page_data(admin_client, url(Course, "add"))
    demanded = {"title": "SQL", "slug": "sql", "category": "it", "difficulty": "beginner"}
    instructor = UserFactory.create(educator=True)
    data = untouched | demanded | {"instructor": str(instructor.pk)}
    admin_client.post(url(Course, "add"), data)
    assert Course.objects.filter(slug="sql", status="draft", price=0, currency="USD").exists()


# Refusals


def at(field: str, day: str) -> dict[str, str]:
    """Return the data that a browser sends for midnight of `day`."""
    return {f"{field}_0": day, f"{field}_1": "00:00:00"}


ONE_LINE = "The text must be on one line. Remove line breaks and control characters."
VISIBLE = "The value must be text with a visible character."
CHOICE = "Select a valid choice."
NOT_OFFERED = "“{}” is not in the list. Choose a value from the list."
OF_TWO_LINES = ("SQL\nfor all", "SQL\u2028for all", "SQL\x07", "SQL\x85all")
BLANK = ("\u200b", "\u2800\u3164", "\U000e0020")
REFUSED: list[Any] = [
    (
        UserProfile,
        {"privacy_settings": "[]"},
        "privacy_settings",
        "The value must be a JSON object.",
    ),
    (UserProfile, {"privacy_settings": ""}, "privacy_settings", "The value must be a JSON object."),
    (Course, {"price": "-1"}, "price", "The value must be from 0 to 99999999.99."),
    (
        Course,
        {"slug": "SQL"},
        "slug",
        "Use lower-case letters, digits and underscores, separated by single hyphens.",
    ),
    (Course, {"enrollment_limit": "0"}, "enrollment_limit", "The value must be more than 0."),
    (
        Course,
        {"status": "published"},
        "published_at",
        "A published course needs the time of its publication.",
    ),
    (CourseModule, {"order_number": "0"}, "order_number", "The value must be 1 or more."),
    (Lesson, {"lesson_type": "text"}, "content_text", "A text lesson needs a text."),
    (Lesson, {"content_url": ""}, "content_url", "A video lesson needs the address of the video."),
    (
        Enrollment,
        {"progress_percentage": "100.01"},
        "progress_percentage",
        "The value must be from 0 to 100.",
    ),
    (
        Enrollment,
        at("completed_at", "2099-01-01"),
        "completed_at",
        "An enrollment needs a completion time if and only if its status is completed.",
    ),
    (LessonProgress, {"quiz_score": "101"}, "quiz_score", "The value must be from 0 to 100."),
    (
        LessonProgress,
        {"status": "completed"},
        "completed_at",
        "A completion time is required if and only if the status is completed.",
    ),
    (Certificate, {"metadata": "1"}, "metadata", "The value must be a JSON object."),
    (
        Quiz,
        {"passing_score_percentage": "101"},
        "passing_score_percentage",
        "The value must be from 0 to 100.",
    ),
    (
        Quiz,
        at("available_from", "2026-02-01") | at("available_until", "2026-01-01"),
        "available_until",
        "A quiz must close after it opens.",
    ),
    (Question, {"options": ""}, "options", "A question of this type needs options to choose from."),
    (
        Question,
        {"correct_answer": "null"},
        "correct_answer",
        'The answer cannot be null; enter "" if a person decides.',
    ),
    (Question, {"points": "0"}, "points", "The value must be more than 0."),
    (
        QuizSubmission,
        at("submitted_at", "2020-01-01"),
        "submitted_at",
        "The submission time must not be before the start.",
    ),
    (
        QuizSubmission,
        {"grading_status": "graded"},
        "graded_at",
        "A graded submission needs a grading time.",
    ),
    (Assignment, {"max_points": "0"}, "max_points", "The value must be more than 0."),
    (
        Assignment,
        {"allowed_file_types": "{}"},
        "allowed_file_types",
        "The value must be a JSON array.",
    ),
    (
        AssignmentSubmission,
        {"submission_text": ""},
        "submission_text",
        "A submission needs a file or a text.",
    ),
    (
        AssignmentSubmission,
        {"grading_status": "graded"},
        "graded_at",
        "A graded submission needs a grading time.",
    ),
    (Message, {"attachments": "{}"}, "attachments", "The value must be a JSON array."),
    (
        Subscription,
        at("current_period_end", "2020-01-01"),
        "current_period_end",
        "The period must end after it starts.",
    ),
    (Payment, {"amount": "-0.01"}, "amount", "The value must be from 0 to 99999999.99."),
    (Refund, {"amount": "0"}, "amount", "The value must be from 0.01 to 99999999.99."),
    (
        Notification,
        at("expires_at", "2020-01-01"),
        "expires_at",
        "It must expire after its creation.",
    ),
    (Notification, {"title": " "}, "title", "This field is required."),
    *((Course, {"title": title}, "title", ONE_LINE) for title in OF_TWO_LINES),
    *((Course, {"title": title}, "title", VISIBLE) for title in BLANK),
    (Course, {"status": "bogus"}, "status", f"{CHOICE} bogus is not one of the available choices."),
    (
        Lesson,
        {"module": "x"},
        "module",
        f"{CHOICE} That choice is not one of the available choices.",
    ),
    (UserProfile, {"timezone": "Europe/Pragu"}, "timezone", NOT_OFFERED.format("Europe/Pragu")),
    (UserProfile, {"timezone": "localtime"}, "timezone", NOT_OFFERED.format("localtime")),
    (UserProfile, {"language": "xx"}, "language", NOT_OFFERED.format("xx")),
    (Course, {"currency": "EUX"}, "currency", NOT_OFFERED.format("EUX")),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "changes", "field", "message"), REFUSED)
def test_value_that_is_refused__explained_at_the_field(
    model: type[models.Model], changes: dict[str, str], field: str, message: str
) -> None:
    form, row = add_form(model), BY_MODEL[model].create()
    data = form_data(form(instance=row)) | changes
    row.delete()
    assert form(data).errors == {field: [message]}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("title", ["a\x00b", "x" * 256]),
        ("enrollment_limit", ["2147483648", "1.5", "x", "-2147483649"]),
        ("price", ["NaN", "Infinity", "1e10", "100000000", "0.001", "1e999999"]),
    ],
)
def test_value_that_postgresql_cannot_store__is_refused(field: str, values: list[str]) -> None:
    form, row = add_form(Course), CourseFactory.create()
    data = form_data(form(instance=row))
    row.delete()
    assert [list(form(data | {field: value}).errors) for value in values] == [[field]] * len(values)


@pytest.mark.django_db
def test_check_that_is_broken_next_to_one_that_cannot_be_computed__found() -> None:
    largest = 2**31 - 1  # the sum of both numbers is out of range
    numbers = {"courses_completed": largest, "courses_in_progress": 1}
    row = StudentAnalyticsFactory.build(**numbers, current_streak_days=2, longest_streak_days=1)
    broken = violated(row, StudentAnalytics._meta.constraints, set())
    assert [check.name for check in broken] == ["student_analytics_longest_streak_days_check"]


def test_page_with_a_form_that_breaks_a_check__explained_at_the_field(admin_client: Client) -> None:
    data = valid_data(admin_client, Course) | {"price": "-1"}
    assert errors(admin_client, url(Course, "add"), data) == {
        "price": ["The value must be from 0 to 99999999.99."]
    }


def test_constraints__each_have_a_message_and_a_field() -> None:
    for model in BY_MODEL:
        for constraint in model._meta.constraints if model not in READ_ONLY else ():
            field, message = violation_of(constraint, model)
            assert model._meta.get_field(str(field))
            assert message not in (
                "The value must be something else.",
                f"Constraint “{constraint.name}” is violated.",
            )


REFUSED_AS_A_DUPLICATE: list[Any] = [
    (UserProfile, {}, "user", "User profile with this User already exists."),
    (Course, {}, "slug", "Course with this Slug already exists."),
    (Enrollment, {}, "course", "Enrollment with this Student and Course already exists."),
    (
        LessonProgress,
        {},
        "lesson",
        "Lesson progress with this Enrollment and Lesson already exists.",
    ),
    (
        QuizSubmission,
        {},
        "attempt_number",
        "Quiz submission with this Quiz, Student and Attempt number already exists.",
    ),
    (
        AssignmentSubmission,
        {},
        "revision_number",
        "Assignment submission with this Assignment, Student and Revision number already exists.",
    ),
    (DiscussionPost, {"solution": True}, "is_solution", "The thread already has a solution."),
    (
        Payment,
        {"succeeded": True},
        "stripe_payment_intent_id",
        "Payment with this Stripe payment intent id already exists.",
    ),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "traits", "field", "message"), REFUSED_AS_A_DUPLICATE)
def test_form_with_the_values_of_another_row__says_which_may_not_repeat(
    model: type[models.Model], traits: dict[str, Any], field: str, message: str
) -> None:
    form, row = add_form(model), BY_MODEL[model].create(**traits)
    assert form(form_data(form(instance=row))).errors == {field: [message]}


def test_second_active_subscription_to_a_plan__is_refused(admin_client: Client) -> None:
    subscription = SubscriptionFactory.create()
    data = data_to_add(admin_client, subscription)
    data["stripe_subscription_id"] = "sub_other"
    assert errors(admin_client, url(Subscription, "add"), data) == {
        "plan_id": ["The user already has an active subscription to this plan."]
    }


def test_message_to_oneself__is_refused(admin_client: Client) -> None:
    data = valid_data(admin_client, Message)
    data["recipient"] = data["sender"]
    assert errors(admin_client, url(Message, "add"), data) == {
        "recipient": ["The recipient must not be the sender."]
    }


def test_notification_for_another_server_of_the_cluster__is_refused(admin_client: Client) -> None:
    notification = NotificationFactory.create()
    address = url(Notification, "change", notification.pk)
    data = page_data(admin_client, address) | {"recipient": str(UserFactory.create().pk)}

    def refuse(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.startswith("UPDATE") and '"recipient_id" = ' in sql.partition("WHERE")[0]:
            raise NotSupportedError("modifying the partition value of rows is not allowed")
        return execute(sql, *arguments)

    with connection.execute_wrapper(refuse):
        refused = admin_client.post(address, data).context["adminform"].form.refusal
    assert refused.message == (
        "Column recipient_id of notifications determines the server of a row, so it cannot be "
        f"changed. Delete the row {notification.pk}, and create another row."
    )


def test_module_as_its_own_prerequisite__is_refused(admin_client: Client) -> None:
    module = CourseModuleFactory.create()
    address = url(CourseModule, "change", module.pk)
    data = page_data(admin_client, address) | {"prerequisite_module": str(module.pk)}
    assert errors(admin_client, address, data) == {
        "prerequisite_module": ["A module cannot be its own prerequisite."]
    }


def test_form_without_required_values__asks_for_them_and_nothing_else(admin_client: Client) -> None:
    form_errors = errors(admin_client, url(Course, "add"), {})
    assert form_errors == {
        field: ["This field is required."]
        for field in (
            "instructor",
            "title",
            "slug",
            "category",
            "difficulty",
            "price",
            "currency",
            "status",
        )
    }


def test_add_form_for_a_record_with_an_invalid_key__opens(admin_client: Client) -> None:
    assert admin_client.get(url(Lesson, "add"), {"module": "x"}).status_code == 200


def test_form__offers_no_deletion_of_the_parent(admin_client: Client) -> None:
    html = admin_client.get(url(Lesson, "change", LessonFactory.create().pk)).content.decode()
    assert "Delete selected" not in html


def test_slug_taken_after_the_form_was_checked__refused_at_the_field(
    admin_client: Client,
) -> None:
    def take_slug(instance: Course, **_: Any) -> None:
        pre_save.disconnect(take_slug, Course)
        CourseFactory.create(slug=instance.slug)

    data = valid_data(admin_client, Course)
    pre_save.connect(take_slug, Course)
    assert errors(admin_client, url(Course, "add"), data) == {
        "slug": ["Course with this Slug already exists."]
    }


def test_form_refused_by_postgresql__keeps_what_was_typed(admin_client: Client) -> None:
    run_sql("ALTER TABLE lessons ADD CHECK (title <> 'Kept')")
    data = valid_data(admin_client, Lesson) | {"title": "Kept"}
    html = admin_client.post(url(Lesson, "add"), data).content.decode()
    assert 'value="Kept"' in html


def test_text_that_an_index_cannot_hold__is_refused_at_the_field(admin_client: Client) -> None:
    run_sql("CREATE INDEX ON courses (description)")
    address = url(Course, "change", CourseFactory.create().pk)
    text = secrets.token_hex(8_000)  # cannot be compressed
    data = page_data(admin_client, address) | {"description": text}
    assert errors(admin_client, address, data) == {"description": [TOO_LONG]}
