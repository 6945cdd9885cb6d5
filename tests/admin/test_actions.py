"""Actions on the selected rows of a list; each action is logged."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.db import IntegrityError, models
from django.test import Client
from django.utils import timezone

from courses.enums import CourseStatus
from courses.models import Course
from notifications.models import Notification
from payments.admin import REVIEW
from payments.models import Payment
from tests.admin.pages import url
from tests.factories import CourseFactory, NotificationFactory, PaymentFactory
from tests.support.migrations import run_sql


def run(
    client: Client, action: str, *rows: models.Model, query: str = "", **data: str
) -> list[str]:
    """Return the messages after the action on `rows` in the list, filtered by `query`."""
    selected = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    response: Any = client.post(url(type(rows[0]), "changelist") + query, selected | data)
    assert response.status_code == 302
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_courses_published__are_in_the_catalogue_immediately(admin_client: Client) -> None:
    courses = [CourseFactory.create(), CourseFactory.create(pending_review=True)]
    assert run(admin_client, "publish", *courses) == ["2 courses published."]
    for course in courses:
        course.refresh_from_db()
        assert course.status is CourseStatus.PUBLISHED
        assert course.published_at
        assert abs(timezone.now() - course.published_at) < timedelta(minutes=1)


def test_course_published_again__keeps_its_first_publication_time(admin_client: Client) -> None:
    course = CourseFactory.create(archived=True)
    before = course.published_at
    run(admin_client, "publish", course)
    course.refresh_from_db()
    assert (course.status, course.published_at) == (CourseStatus.PUBLISHED, before)


def test_course_already_published__is_skipped(admin_client: Client) -> None:
    courses = [CourseFactory.create(published=True), CourseFactory.create()]
    assert run(admin_client, "publish", *courses) == [
        "1 course published.",
        "1 skipped: already published.",
    ]


def test_action_on_a_list_filtered_by_the_changed_column__skips_no_row(
    admin_client: Client,
) -> None:
    messages = run(admin_client, "publish", CourseFactory.create(), query="?status__exact=draft")
    assert messages == ["1 course published."]


def test_courses_archived__are_archived(admin_client: Client) -> None:
    courses = [CourseFactory.create(), CourseFactory.create(published=True)]
    assert run(admin_client, "archive", *courses) == ["2 courses archived."]
    assert set(Course.objects.values_list("status", flat=True)) == {CourseStatus.ARCHIVED}


def test_action_with_all_pages_chosen__changes_only_selected_rows(admin_client: Client) -> None:
    courses = CourseFactory.create_batch(2)
    run(admin_client, "archive", courses[0], select_across="1")
    assert Course.objects.filter(status=CourseStatus.ARCHIVED).count() == 1


def test_action_on_all_pages_without_a_selection__asks_to_select_rows(admin_client: Client) -> None:
    CourseFactory.create()
    everything = {"action": "archive", "select_across": "1", "index": "0"}
    response: Any = admin_client.post(url(Course, "changelist"), everything)
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "Items must be selected in order to perform actions on them. No items have been changed."
    ]
    assert Course.objects.get().status is CourseStatus.DRAFT


def test_payments_marked_for_review__are_found_by_the_review_filter_and_keep_their_metadata(
    admin_client: Client,
) -> None:
    payment = PaymentFactory.create(metadata={"order": 7})
    PaymentFactory.create()
    assert run(admin_client, "request_review", payment) == ["1 payment marked for review."]
    response = admin_client.get(url(Payment, "changelist"), {"review": "requested"})
    assert list(response.context["cl"].result_list) == [payment]
    payment.refresh_from_db()
    assert payment.metadata.keys() == {"order", REVIEW}


def test_payment_reviewed__has_its_original_metadata(admin_client: Client) -> None:
    payment = PaymentFactory.create(metadata={"order": 7})
    run(admin_client, "request_review", payment)
    assert run(admin_client, "finish_review", payment)[-1:] == ["1 payment reviewed."]
    payment.refresh_from_db()
    assert payment.metadata == {"order": 7}


def test_payment_marked_twice__is_skipped(admin_client: Client) -> None:
    payment = PaymentFactory.create()
    run(admin_client, "request_review", payment)
    assert run(admin_client, "request_review", payment)[-1:] == [
        "1 skipped: already marked for review."
    ]


def test_payment_that_is_not_marked__is_not_reviewed(admin_client: Client) -> None:
    assert run(admin_client, "finish_review", PaymentFactory.create()) == [
        "1 skipped: not marked for review."
    ]


@pytest.mark.parametrize("key", ["x", "\x00", "01a204f2-dd54-7217-8914-12ab7cfde595"])
def test_action_on_a_missing_row__says_that_it_no_longer_exists(
    admin_client: Client, key: str
) -> None:
    assert run(admin_client, "publish", Course(pk=key)) == ["The selected rows no longer exist."]


def test_action_whose_log_cannot_be_written__changes_nothing(admin_client: Client) -> None:
    course = CourseFactory.create()
    run_sql("ALTER TABLE django_admin_log ADD CHECK (action_flag = 1)")
    with pytest.raises(IntegrityError):
        run(admin_client, "publish", course)
    course.refresh_from_db()
    assert course.status is CourseStatus.DRAFT


def test_notifications_expired__are_ready_to_be_swept(admin_client: Client) -> None:
    Notification.objects.all().delete()
    lasting = NotificationFactory.create(read=True)
    expiring = NotificationFactory.create(read=True, expiring=True)
    expired = NotificationFactory.create(expired=True)
    assert run(admin_client, "expire", lasting, expiring, expired) == [
        "2 notifications expired.",
        "1 skipped: already expired.",
    ]
    assert Notification.objects.expired(timezone.now()).count() == 3


@pytest.mark.parametrize(
    ("action", "factory", "message"),
    [
        ("publish", CourseFactory, "Published."),
        ("archive", CourseFactory, "Archived."),
        ("request_review", PaymentFactory, "Marked for review."),
    ],
)
def test_action__is_logged_for_each_row(
    admin_client: Client, action: str, factory: Any, message: str
) -> None:
    rows = factory.create_batch(2)
    run(admin_client, action, *rows)
    entries = LogEntry.objects.all()
    assert {entry.object_id for entry in entries} == {str(row.pk) for row in rows}
    assert {entry.get_change_message() for entry in entries} == {message}
