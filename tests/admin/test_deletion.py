"""Deletion pages count the rows that the database deletes."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.messages import get_messages
from django.db import connection, models
from django.test import Client
from django.urls import reverse

from communication.models import DiscussionPost
from config.admin import deletion
from config.admin.bounds import TooSlowError
from config.admin.deletion import Deletion, DeletionQuery
from config.admin.deletion_steps import numbers_by_steps
from courses.models import Course
from payments.models import Payment
from tests.admin.pages import BY_MODEL, each_of, url
from tests.factories import (
    AnalyticsEventFactory,
    CertificateFactory,
    CourseFactory,
    CourseModuleFactory,
    DiscussionPostFactory,
    EnrollmentFactory,
    LessonFactory,
    LessonProgressFactory,
    QuizFactory,
    RefundFactory,
    UserFactory,
)
from tests.support.migrations import run_sql
from users.models import User


def count_deleted(*rows: models.Model) -> dict[str, str]:
    """Return the numbers of rows that a deletion of `rows` deletes, by table."""
    affected = Deletion(type(rows[0]), [row.pk for row in rows]).deleted
    return {found.model._meta.db_table: str(found) for found in affected}


def rows_in_database() -> dict[str, int]:
    return {model._meta.db_table: model._base_manager.count() for model in BY_MODEL}


# Deleted rows


@each_of(User, DiscussionPost)
def test_rows_that_would_be_deleted__are_those_that_the_database_deletes(
    db: None, model: type[models.Model]
) -> None:
    for factory in BY_MODEL.values():
        factory.create()
    row = model._base_manager.earliest("pk")
    counts, before = count_deleted(row), rows_in_database()
    with connection.cursor() as cursor:
        key = connection.ops.quote_name(str(model._meta.pk.column))
        cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE {key} = %s", [row.pk])
    after = rows_in_database()
    gone = {table: str(before[table] - after[table]) for table in before}
    assert counts == {table: number for table, number in gone.items() if number != "0"}


def test_row_below_several_deleted_rows__is_counted_once(db: None) -> None:
    enrollment = EnrollmentFactory.create()
    LessonProgressFactory.create(enrollment=enrollment, lesson__module__course=enrollment.course)
    assert count_deleted(enrollment.student) == {
        "users": "1",
        "enrollments": "1",
        "lesson_progress": "1",
    }


def test_replies_to_replies__are_deleted_with_the_post(db: None) -> None:
    post = DiscussionPostFactory.create()
    reply = DiscussionPostFactory.create(parent_post=post, thread=post.thread)
    DiscussionPostFactory.create(parent_post=reply, thread=post.thread)
    assert count_deleted(post) == {"discussion_posts": "3"}


def test_count_in_steps_for_a_cluster__is_that_of_the_single_query(db: None) -> None:
    reply = DiscussionPostFactory.create(reply=True)
    DiscussionPostFactory.create(parent_post=reply, thread=reply.thread)
    payment: Any = EnrollmentFactory.create(paid=True).payment
    rows: list[Any] = [reply.parent_post, payment, payment.user]
    for row in rows:
        query = DeletionQuery(type(row), limit=None)
        with connection.cursor() as cursor:
            cursor.execute(query.sql, {"keys": [row.pk]})
            expected = [number for number, _ in cursor.fetchone()]
        steps = numbers_by_steps(query, [row.pk])
        assert [number for number, _ in steps] == expected
        assert [bool(digest) for _, digest in steps] == [number > 0 for number in expected]
        limited = numbers_by_steps(DeletionQuery(type(row), limit=1), [row.pk])
        assert {digest for _, digest in limited} == {0}


def test_rows_that_lose_their_link__are_counted_separately(db: None) -> None:
    enrollment = EnrollmentFactory.create(paid=True)
    [kept] = Deletion(Payment, [enrollment.payment_id]).kept
    assert (kept.title, kept.field, str(kept)) == ("enrollments", "payment", "1")


def test_rows_that_are_deleted_anyway__do_not_lose_their_link(db: None) -> None:
    refund = RefundFactory.create(of_enrollment=True)
    assert Deletion(User, [refund.payment.user_id]).kept == []


# Counts and estimates


@pytest.fixture
def counts_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let exact counts exceed their time limit, and limit other counts to two rows."""
    monkeypatch.setattr(deletion, "KEYS_PER_TABLE", 2)

    def too_slow(milliseconds: int) -> Iterator[None]:
        raise TooSlowError

    monkeypatch.setattr(deletion, "at_most", too_slow)


@pytest.fixture
def unestimated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the estimates."""
    monkeypatch.setattr(Deletion, "_expected", lambda *_: {})


@pytest.mark.usefixtures("counts_too_slow", "unestimated")
def test_rows_that_take_too_long_to_count__are_counted_up_to_a_limit(db: None) -> None:
    course = CourseFactory.create()
    EnrollmentFactory.create_batch(3, course=course)
    counts = count_deleted(course)
    assert (counts["courses"], counts["enrollments"]) == ("1", "2+")


@pytest.mark.usefixtures("counts_too_slow", "unestimated")
def test_count_below_rows_that_were_not_all_counted__is_a_minimum(db: None) -> None:
    module = CourseModuleFactory.create()
    lessons = LessonFactory.create_batch(3, module=module)
    for lesson in lessons:
        QuizFactory.create(lesson=lesson)
    counts = count_deleted(module)
    assert (counts["lessons"], counts["quizzes"], counts["questions"]) == ("2+", "2+", "0+")


@pytest.mark.usefixtures("counts_too_slow")
def test_many_replies_that_take_too_long_to_count__are_all_counted(db: None) -> None:
    post = DiscussionPostFactory.create()
    DiscussionPostFactory.create_batch(3, parent_post=post, thread=post.thread)
    assert count_deleted(post) == {"discussion_posts": "4"}


@pytest.mark.usefixtures("counts_too_slow")
def test_rows_that_were_not_all_counted__are_estimated(db: None) -> None:
    course = CourseFactory.create()
    EnrollmentFactory.create_batch(200, course=course)
    run_sql("ANALYZE enrollments")
    assert count_deleted(course)["enrollments"] == "about 200"


@pytest.mark.usefixtures("counts_too_slow")
def test_rows_in_several_partitions_that_were_not_all_counted__are_estimated(db: None) -> None:
    user = UserFactory.create()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE analytics_events_2026_01 PARTITION OF analytics_events"
            " FOR VALUES FROM ('2026-01-01 00:00Z') TO ('2026-02-01 00:00Z')"
        )
        cursor.execute(
            "INSERT INTO analytics_events (user_id, event_type, timestamp)"
            " SELECT %s, 'login', '2026-01-01'::timestamptz + n * interval '6 hours'"
            "   FROM generate_series(1, 200) AS n",
            [user.pk],
        )
        cursor.execute("ANALYZE analytics_events")
    assert count_deleted(user)["analytics_events"] == "about 200"


@pytest.mark.usefixtures("counts_too_slow")
def test_count_below_rows_that_were_not_all_counted__is_estimated_from_the_average(
    db: None,
) -> None:
    course = CourseFactory.create()
    for enrollment in EnrollmentFactory.create_batch(30, course=course):
        CertificateFactory.create(enrollment=enrollment)
    EnrollmentFactory.create_batch(30)
    run_sql("ANALYZE enrollments, certificates")
    counts = count_deleted(course)
    assert (counts["enrollments"], counts["certificates"]) == ("about 30", "about 15")


# The pages


def test_deletion_page__says_what_is_deleted_and_what_stays(admin_client: Client) -> None:
    enrollment = EnrollmentFactory.create(paid=True)
    context = admin_client.get(url(Payment, "delete", enrollment.payment_id)).context
    assert {name: str(count) for name, count in context["model_count"]} == {"payments": "1"}
    assert [str(kept) for kept in context["deleted_objects"]] == ["1"]


@each_of(Course)
def test_deletion_confirmed__row_is_deleted(
    admin_client: Client, model: type[models.Model]
) -> None:
    row = BY_MODEL[model].create()
    response = admin_client.post(url(model, "delete", row.pk), {"post": "yes"})
    assert response.status_code == 302
    assert not model._default_manager.filter(pk=row.pk).exists()


def selected(*rows: models.Model, action: str, **data: Any) -> dict[str, Any]:
    return {"action": action, "_selected_action": [str(row.pk) for row in rows], **data}


def test_deletion_of_selected_rows__says_what_is_deleted_with_them(
    admin_client: Client,
) -> None:
    enrollments = EnrollmentFactory.create_batch(2)
    courses = [enrollment.course for enrollment in enrollments]
    response = admin_client.post(
        url(Course, "changelist"), selected(*courses, action="delete_selected")
    )
    assert {name: str(count) for name, count in response.context["model_count"]} == {
        "courses": "2",
        "enrollments": "2",
    }


def test_deletion_of_selected_rows__leaves_the_others(admin_client: Client) -> None:
    courses = CourseFactory.create_batch(3)
    data = selected(*courses[:2], action="delete_selected", post="yes", select_across="1")
    admin_client.post(url(Course, "changelist"), data)
    assert list(Course.objects.all()) == courses[2:]


# Accounts


def test_deletion_of_a_user__deactivates_the_account_and_deletes_nothing(
    admin_client: Client,
) -> None:
    course = CourseFactory.create()
    admin_client.post(url(User, "delete", course.instructor_id), {"post": "yes"})
    course.instructor.refresh_from_db()
    assert course.instructor.deleted_at is not None
    assert Course.objects.filter(pk=course.pk).exists()


def test_deletion_of_a_user__is_a_deactivation_in_the_log(admin_client: Client) -> None:
    user = UserFactory.create(email="ann@example.com")
    response = admin_client.post(url(User, "delete", user.pk), {"post": "yes"})
    assert LogEntry.objects.get().get_change_message() == "Deactivated."
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "The user “ann@example.com” was deactivated."
    ]


def test_deactivation_of_selected_users__skips_the_administrators_own_account(
    admin_client: Client,
) -> None:
    own, other = User.objects.get(), UserFactory.create()
    data = selected(own, other, action="deactivate")
    response = admin_client.post(url(User, "changelist"), data)
    assert User.objects.get(deleted_at=None) == own
    assert LogEntry.objects.get().get_change_message() == "Deactivated."
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "1 user deactivated.",
        "1 skipped: already closed, or your own.",
    ]


def test_selected_users__can_be_deactivated_but_not_deleted(admin_client: Client) -> None:
    actions = admin_client.get(url(User, "changelist")).context["action_form"].fields["action"]
    names = [name for name, _ in actions.choices]
    assert names == ["", "deactivate", "reopen"]


@pytest.mark.parametrize(
    ("deleted", "name", "text"),
    [(False, "delete", "Deactivate user"), (True, "erase", "Delete permanently…")],
)
def test_page_of_a_user__has_a_button_that_names_its_effect(
    admin_client: Client, deleted: bool, name: str, text: str
) -> None:
    user = UserFactory.create(deleted=deleted)
    page = admin_client.get(url(User, "change", user.pk)).content.decode()
    links = re.findall(r'<a href="([^"]*/(?:delete|erase)/)"[^>]*>\s*([^<]*?)\s*</a>', page)
    assert links == [(url(User, name, user.pk), text)]


def test_deletion_of_oneself__is_forbidden(admin_client: Client) -> None:
    response = admin_client.post(url(User, "delete", User.objects.get().pk), {"post": "yes"})
    assert response.status_code == 403
    assert User.objects.get().is_active


def test_accounts_reactivated__are_active_and_in_the_log(admin_client: Client) -> None:
    user = UserFactory.create(deleted=True)
    User.objects.filter(pk=user.pk).update(updated_at="2020-01-01 00:00Z")
    admin_client.post(url(User, "changelist"), selected(user, action="reopen"))
    user.refresh_from_db()
    assert user.is_active
    assert user.updated_at.year > 2020
    assert LogEntry.objects.get().get_change_message() == "Reactivated."


def erase_url(user: User) -> str:
    return reverse("admin:users_user_erase", args=[user.pk])


def test_permanent_deletion__says_what_is_deleted_with_the_account(
    admin_client: Client,
) -> None:
    course = CourseFactory.create()
    context = admin_client.get(erase_url(course.instructor)).context
    assert {name: str(count) for name, count in context["model_count"]} == {
        "users": "1",
        "courses": "1",
    }


def test_permanent_deletion_confirmed__deletes_the_account_and_its_rows(
    admin_client: Client,
) -> None:
    user = UserFactory.create()
    event = AnalyticsEventFactory.create(user=user)
    counted = admin_client.get(erase_url(user)).wsgi_request.counted  # type: ignore[attr-defined]
    admin_client.post(erase_url(user), {"email": user.email.upper(), "_counted": counted})
    assert not User.objects.filter(pk=user.pk).exists()
    assert not type(event).objects.exists()


@pytest.mark.parametrize("data", [{}, {"post": "yes"}, {"email": "other@example.com"}])
def test_permanent_deletion_without_the_address__deletes_nothing(
    admin_client: Client, data: dict[str, str]
) -> None:
    user = UserFactory.create()
    response = admin_client.post(erase_url(user), data)
    assert response.context["mismatch"] == "This is not the account's address."
    assert User.objects.filter(pk=user.pk).exists()


@pytest.mark.parametrize("who", ["oneself", "missing"])
def test_permanent_deletion_of_oneself_or_a_missing_account__is_not_found(
    admin_client: Client, who: str
) -> None:
    user = User.objects.get() if who == "oneself" else User(pk=CourseFactory.create().pk)
    assert admin_client.post(erase_url(user), {"email": user.email}).status_code == 404


def test_permanent_deletion_of_an_account_in_the_log__is_refused(admin_client: Client) -> None:
    other = UserFactory.create(admin=True)
    course = CourseFactory.create()
    LogEntry.objects.log_actions(other.pk, [course], CHANGE, "Published.", single_object=True)
    response = admin_client.post(erase_url(other), {"email": other.email})
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        f"The log has changes by “{other}”, so the account can be closed but not deleted."
    ]
    assert User.objects.filter(pk=other.pk).exists()
