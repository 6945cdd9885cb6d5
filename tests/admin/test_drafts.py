"""The receipt for a saved form. With it, the browser deletes the form's draft."""

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from config.admin.drafts import with_receipt
from courses.models import Course
from tests.admin.pages import page_data, url, valid_data
from tests.factories import CourseFactory


def saved_number(client: Client, address: str, data: dict[str, str]) -> str | None:
    """Post `data`; return the number in the receipt, or None if there is no receipt."""
    cookie = client.post(address, data).cookies.get("saved_form")
    return cookie.value if cookie else None


def test_changed_record__is_acknowledged(admin_client: Client) -> None:
    address = url(Course, "change", CourseFactory.create().pk)
    data = page_data(admin_client, address) | {"_draft": "1764376800123"}
    assert saved_number(admin_client, address, data) == "1764376800123"


def test_added_record__is_acknowledged(admin_client: Client) -> None:
    data = valid_data(admin_client, Course) | {"_draft": "7"}
    assert saved_number(admin_client, url(Course, "add"), data) == "7"


def test_refused_record__is_not_acknowledged(admin_client: Client) -> None:
    address = url(Course, "change", CourseFactory.create().pk)
    data = page_data(admin_client, address) | {"title": "", "_draft": "7"}
    assert saved_number(admin_client, address, data) is None


@pytest.mark.parametrize("number", ["", "x", "-1", "٣", "1; path=/"])
def test_draft_number_that_is_not_a_number__is_not_acknowledged(
    rf: RequestFactory, number: str
) -> None:
    assert not with_receipt(rf.post("/", {"_draft": number}), HttpResponse()).cookies
