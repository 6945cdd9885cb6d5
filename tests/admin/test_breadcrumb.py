"""The heading of each page, and the filters in the links above the heading."""

import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from courses.models import Course
from tests.admin.pages import page_data, url
from tests.factories import CourseFactory, UserFactory
from users.models import User

QUERY = "status__exact=draft&p=1"
KEPT = f"?{urlencode({'_changelist_filters': QUERY})}"


def headings(response: Any) -> list[str]:
    found = re.findall(r"<h1[^>]*>(.*?)</h1>", response.content.decode(), re.DOTALL)
    return [unescape(re.sub("<[^>]*>", "", heading)).strip() for heading in found]


def links(response: Any) -> list[str]:
    trail = response.content.decode().partition('aria-label="Breadcrumb"')[2].partition("</nav>")[0]
    return [unescape(link) for link in re.findall('href="(.*?)"', trail)]


def test_pages_of_a_record__have_one_heading_that_names_the_page(admin_client: Client) -> None:
    course = CourseFactory.create(title="Advanced SQL", slug="advanced-sql")
    pages = {
        url(Course, "changelist"): "Courses",
        url(Course, "add"): "Add course",
        url(Course, "change", course.pk): "Advanced SQL",
        url(Course, "delete", course.pk): "Delete",
        url(Course, "history", course.pk): "History",
        reverse("admin:app_list", args=["courses"]): "Courses administration",
    }
    assert {page: headings(admin_client.get(page)) for page in pages} == {
        page: [heading] for page, heading in pages.items()
    }


def test_pages_of_an_account__have_one_heading_that_names_the_page(admin_client: Client) -> None:
    user = UserFactory.create(email="ann@example.com")
    pages = {
        url(User, "add"): "Add user",
        reverse("admin:auth_user_password_change", args=[user.pk]): (
            "Set password: ann@example.com"
        ),
        reverse("admin:users_user_erase", args=[user.pk]): "Delete permanently",
        reverse("admin:password_change"): "Password change",
        reverse("admin:index"): "Dashboard",
        reverse("admin_pages:schema"): "Schema",
    }
    assert {page: headings(admin_client.get(page)) for page in pages} == {
        page: [heading] for page, heading in pages.items()
    }


def test_deletion_of_selected_rows__has_a_heading(admin_client: Client) -> None:
    data = {"action": "delete_selected", "_selected_action": [CourseFactory.create().pk]}
    response = admin_client.post(url(Course, "changelist"), data | {"index": "0"})
    assert headings(response) == ["Delete multiple objects"]


@pytest.mark.parametrize("page", ["add", "change", "delete", "history"])
def test_link_to_the_list__keeps_its_filters(admin_client: Client, page: str) -> None:
    key = [] if page == "add" else [CourseFactory.create().pk]
    response = admin_client.get(url(Course, page, *key) + KEPT)
    assert links(response)[1] == f"{url(Course, 'changelist')}?{QUERY}"


def test_link_from_the_history_to_the_record__keeps_the_filters(admin_client: Client) -> None:
    course = CourseFactory.create()
    response = admin_client.get(url(Course, "history", course.pk) + KEPT)
    assert links(response)[2] == url(Course, "change", course.pk) + KEPT


def test_form_with_an_error__keeps_the_filters(admin_client: Client) -> None:
    address = url(Course, "change", CourseFactory.create().pk)
    response = admin_client.post(address + KEPT, page_data(admin_client, address) | {"title": ""})
    assert links(response)[1] == f"{url(Course, 'changelist')}?{QUERY}"


def test_deactivated_account__leads_back_to_the_filtered_list(admin_client: Client) -> None:
    address = url(User, "delete", UserFactory.create().pk)
    kept = urlencode({"_changelist_filters": "role__exact=student"})
    response = admin_client.post(f"{address}?{kept}", {"post": "yes"})
    assert response.headers["Location"] == f"{url(User, 'changelist')}?role__exact=student"


@pytest.mark.parametrize("filters", ['"><b>', "//evil.example/%00"])
def test_link_with_odd_filters__stays_on_the_list(admin_client: Client, filters: str) -> None:
    address = url(Course, "change", CourseFactory.create().pk)
    response = admin_client.get(address, {"_changelist_filters": filters})
    assert links(response)[1] == f"{url(Course, 'changelist')}?{filters}"
