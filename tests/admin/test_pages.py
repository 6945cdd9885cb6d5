"""Pages of the admin for administrators and for other users."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import models
from django.test import Client
from django.urls import reverse

from analytics.models import AnalyticsEvent
from config.admin import ModelAdmin
from courses.models import Course
from tests.admin.pages import (
    BY_MODEL,
    TRAITS,
    TYPICAL,
    each_of,
    form_of,
    model_admin,
    page_data,
    url,
)
from tests.factories import AnalyticsEventFactory, UserFactory

ABSENT = "01a204f2-dd54-7217-8914-12ab7cfde595"
"""The id of no row."""


def test_admin__has_every_model_of_the_project() -> None:
    registered = {model for model in apps.get_models() if admin.site.is_registered(model)}
    assert registered == set(BY_MODEL)
    assert all(isinstance(model_admin(model), ModelAdmin) for model in registered)


def test_groups__are_not_in_the_admin() -> None:
    assert not admin.site.is_registered(Group)


@each_of(*TYPICAL, AnalyticsEvent)
def test_list_and_record__are_pages_with_links_of_the_row(
    admin_client: Client, model: type[models.Model]
) -> None:
    key = BY_MODEL[model].create(**TRAITS.get(model, {})).pk
    assert url(model, "change", key) in admin_client.get(url(model, "changelist")).text
    assert url(model, "history", key) in admin_client.get(url(model, "change", key)).text


@pytest.mark.parametrize(
    ("page", "key"),
    [
        ("delete", "not-an-id"),
        ("history", "not-an-id"),
        *(("change", key) for key in (ABSENT, "1", "not-an-id", "\x00", "'", "🎓", "x" * 5000)),
    ],
)
def test_page_of_a_row_that_does_not_exist__leads_to_the_index(
    admin_client: Client, page: str, key: str
) -> None:
    response = admin_client.get(url(Course, page, key))
    assert (response.status_code, response.headers["Location"]) == (302, reverse("admin:index"))


def test_row_that_the_platform_writes__cannot_be_changed_added_or_deleted(
    admin_client: Client,
) -> None:
    event = AnalyticsEventFactory.create()
    pages = [
        url(AnalyticsEvent, "add"),
        *(url(AnalyticsEvent, page, event.pk) for page in ("change", "delete")),
    ]
    statuses = [admin_client.post(address, {"post": "yes"}).status_code for address in pages]
    assert statuses == [403, 403, 403]
    assert AnalyticsEvent.objects.filter(pk=event.pk).exists()


def test_page_of_a_row_that_the_platform_writes__has_no_input(admin_client: Client) -> None:
    address = url(AnalyticsEvent, "change", AnalyticsEventFactory.create().pk)
    assert list(form_of(admin_client, address).fields) == []


def test_course_added_changed_and_deleted__is_in_the_log(admin_client: Client) -> None:
    data = {"title": "SQL", "slug": "sql", "category": "databases", "difficulty": "beginner"}
    data["instructor"] = str(UserFactory.create(educator=True).pk)
    untouched = page_data(admin_client, url(Course, "add"))
    admin_client.post(url(Course, "add"), untouched | data)
    course = Course.objects.get()
    address = url(Course, "change", course.pk)
    admin_client.post(address, page_data(admin_client, address) | {"title": "More SQL"})
    admin_client.post(url(Course, "delete", course.pk), {"post": "yes"})
    assert [str(entry) for entry in LogEntry.objects.order_by("pk")] == [
        "Added “SQL”.",
        "Changed “More SQL (sql)” — Changed Title.",
        "Deleted “More SQL (sql).”",
    ]


@pytest.mark.django_db
def test_login_with_an_email_in_capitals__lets_the_admin_in(client: Client) -> None:
    UserFactory.create(admin=True, email="ann@example.com", password="Very-Secret-1")
    data = {"username": "Ann@Example.com", "password": "Very-Secret-1"}
    response = client.post(reverse("admin:login") + "?next=/admin/", data)
    assert (response.status_code, response.headers.get("Location")) == (302, "/admin/")


@pytest.mark.django_db
@pytest.mark.parametrize("traits", [{}, {"educator": True}, {"admin": True, "deleted": True}])
def test_login_of_a_user_who_is_not_an_active_administrator__is_refused(
    client: Client, traits: dict[str, Any]
) -> None:
    UserFactory.create(email="ann@example.com", password="Very-Secret-1", **traits)
    data = {"username": "ann@example.com", "password": "Very-Secret-1"}
    response = client.post(reverse("admin:login"), data)
    assert response.context["form"].non_field_errors() == [
        "Please enter the correct email and password for a staff account. Note that both fields "
        "may be case-sensitive."
    ]
