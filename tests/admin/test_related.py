"""Links between related records, in both directions."""

from typing import Any

import pytest
from django.db import models
from django.test import Client

from communication.models import Message
from config.admin import related_records
from courses.models import Course, CourseModule
from enrollments.models import Certificate
from tests.admin.pages import BY_MODEL, context_of, each_of, url
from tests.factories import (
    AnnouncementFactory,
    CourseAnalyticsFactory,
    CourseFactory,
    EnrollmentFactory,
    LessonFactory,
    MessageFactory,
    PaymentFactory,
    UserFactory,
    UserProfileFactory,
)
from users.models import UserProfile


def links(client: Client, row: models.Model, kind: str) -> dict[str, Any]:
    """Return the links on the page of `row`: `parents` by name, or `children` by title."""
    context = context_of(client, url(type(row), "change", row.pk))
    return {link.label or link.title: link for link in context[kind]}


def counts(client: Client, row: models.Model) -> dict[str, str]:
    """Return the number of related rows of each kind, unless the number is 0."""
    children = links(client, row, "children")
    return {title: str(link.count) for title, link in children.items() if link.count}


def test_course__links_to_all_records_that_belong_to_it(admin_client: Client) -> None:
    course = CourseFactory.create()
    LessonFactory.create_batch(2, module__course=course)
    EnrollmentFactory.create_batch(3, course=course)
    AnnouncementFactory.create(course=course)
    PaymentFactory.create(course=course)
    CourseAnalyticsFactory.create(course=course)
    assert counts(admin_client, course) == {
        "Course modules": "2",
        "Lessons": "2",
        "Enrollments": "3",
        "Announcements": "1",
        "Payments": "1",
        "Course analytics": "1",
    }


def test_user_as_sender_and_recipient__has_two_links(admin_client: Client) -> None:
    message = MessageFactory.create()
    assert counts(admin_client, message.sender) == {"Messages (sender)": "1"}
    assert counts(admin_client, message.recipient) == {"Messages (recipient)": "1"}


@each_of(Certificate, Message)
def test_record__links_to_all_records_that_it_belongs_to(
    admin_client: Client, model: type[models.Model]
) -> None:
    row = BY_MODEL[model].create()
    parents = [
        getattr(row, field.name) for field in model._meta.concrete_fields if field.is_relation
    ]
    found = links(admin_client, row, "parents")
    assert {link.title for link in found.values()} == {str(parent) for parent in parents if parent}


@each_of(Course)
def test_link_to_related_rows__lists_exactly_the_counted_rows(
    admin_client: Client, model: type[models.Model]
) -> None:
    for factory in BY_MODEL.values():
        factory.create()
    row = model._base_manager.earliest("pk")
    for link in links(admin_client, row, "children").values():
        if not link.url.endswith("/change/"):
            changelist = context_of(admin_client, link.url)["cl"]
            assert changelist.result_count == link.count.number


def test_link_to_an_only_child__opens_the_record(admin_client: Client) -> None:
    profile = UserProfileFactory.create()
    user = UserFactory.create()
    link = links(admin_client, profile.user, "children")["User profiles"]
    none = links(admin_client, user, "children")["User profiles"]
    assert (link.url, link.count.number) == (url(UserProfile, "change", profile.pk), 1)
    assert none.url == f"{url(UserProfile, 'changelist')}?user__id__exact={user.pk}"


def test_link_to_rows_related_through_others__lists_them(admin_client: Client) -> None:
    lesson = LessonFactory.create()
    LessonFactory.create()
    link = links(admin_client, lesson.module.course, "children")["Lessons"]
    assert list(context_of(admin_client, link.url)["cl"].result_list) == [lesson]


def test_more_related_rows_than_are_counted__are_shown_as_at_least_the_limit(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(related_records, "COUNTED_ROWS", 2)
    course = CourseFactory.create()
    EnrollmentFactory.create_batch(3, course=course)
    assert counts(admin_client, course) == {"Enrollments": "2+"}


def test_list__links_each_row_and_the_records_that_it_belongs_to(admin_client: Client) -> None:
    lesson = LessonFactory.create()
    html = admin_client.get(url(CourseModule, "changelist")).content.decode()
    assert f'href="{url(CourseModule, "change", lesson.module.pk)}"' in html
    assert f'href="{url(Course, "change", lesson.module.course.pk)}"' in html
