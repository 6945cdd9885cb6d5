"""Error pages, and the notice that a session has ended."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from psycopg import Error, errors
from pytest_django import Settings

from analytics.models import AnalyticsEvent
from config.admin import error_pages
from config.admin.sessions import ENDED
from courses.models import Course
from tests.admin.pages import model_admin, url

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
BACK = "Back to the page"
HANDLERS: dict[int, Callable[[HttpRequest], HttpResponse]] = {
    400: lambda request: error_pages.bad_request(request, Exception()),
    403: lambda request: error_pages.permission_denied(request, Exception()),
    404: lambda request: error_pages.page_not_found(request, Exception()),
    500: error_pages.server_error,
}


def page(status: int, **headers: str) -> HttpResponse:
    return HANDLERS[status](RequestFactory().get("/x/", headers={"Accept": HTML} | headers))


@pytest.mark.parametrize("status", HANDLERS)
def test_error_page__needs_neither_database_nor_session(status: int) -> None:
    answer = page(status)
    assert answer.status_code == status
    assert ">Dashboard<" in answer.text.replace("\n", "")
    assert "| Learning platform</title>" in " ".join(answer.text.split()).replace(" </", "</")


LOST = (psycopg.OperationalError("connection failed"), errors.ConnectionFailure("worker down"))


@pytest.mark.parametrize("cause", LOST, ids=["database", "server of its cluster"])
def test_page_without_a_server__says_that_the_database_is_not_available(cause: Error) -> None:
    try:
        raise OperationalError from cause
    except OperationalError:
        answer = page(500, Accept="text/plain")
    assert (answer.status_code, answer.text.partition(".")[0]) == (503, "Database not available")


def test_error_for_a_program__is_json() -> None:
    answer = page(404, Accept="application/json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.text.startswith('{"error": "Page not found", "detail": "There is no page')


def test_error_for_an_image__is_plain_text() -> None:
    answer = page(404, Accept="image/png")
    assert answer.text == (
        "Page not found. There is no page at this address. It may be misspelt, or its record may"
        " have been deleted.\n"
    )


def test_error_for_a_head_request__is_plain_text() -> None:
    answer = HANDLERS[404](RequestFactory().head("/x/", headers={"Accept": HTML}))
    assert answer.headers["Content-Type"] == "text/plain"


@pytest.mark.parametrize(
    ("referer", "target"),
    [
        ("http://testserver/admin/?p=1#x", 'href="/admin/?p=1"'),
        ("http://testserver//evil.example/", 'href="/evil.example/"'),
        ("http://evil.example/admin/", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_link_back__leads_only_to_this_site(referer: str, target: str) -> None:
    answer = page(404, Referer=referer, Host="testserver")
    assert (BACK in answer.text, target in answer.text) == (bool(target), True)


def test_unknown_page__is_explained(client: Client) -> None:
    answer = client.get("/nowhere/")
    assert (answer.status_code, "There is no page at this address." in answer.text) == (404, True)


def test_page_without_permission__is_explained(admin_client: Client) -> None:
    answer = admin_client.get(url(AnalyticsEvent, "add"))
    assert (answer.status_code, "Your account may not see this" in answer.text) == (403, True)


def test_failure_of_the_server__is_explained(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_admin(Course), "get_queryset", lambda request: 1 / 0)
    admin_client.raise_request_exception = False
    answer = admin_client.get(url(Course, "changelist"))
    assert (answer.status_code, "The error was logged." in answer.text) == (500, True)


# Forms that are refused


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("origin", "message"),
    [
        ({}, "The form was opened before the last login in this browser"),
        ({"Origin": "http://evil.example"}, "the form came from an address that this site does"),
    ],
)
def test_form_without_a_valid_token__leads_back(origin: dict[str, str], message: str) -> None:
    client = Client(enforce_csrf_checks=True)
    form = url(Course, "add")
    answer = client.post(form, headers={"Referer": f"http://testserver{form}", **origin})
    assert answer.status_code == 403
    assert message in answer.text
    assert f'href="{form}"' in answer.text


@pytest.mark.parametrize(
    ("host", "parameters", "title"),
    [("testserver", "?_to_field=password", "Request not understood"), ("x", "", "Unknown address")],
)
def test_request_that_is_not_understood__is_explained(
    admin_client: Client, host: str, parameters: str, title: str
) -> None:
    address = url(Course, "changelist") + parameters
    response = admin_client.get(address, headers={"host": host, "accept": "application/json"})
    assert (response.status_code, response.json()["error"]) == (400, title)


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [True, False])
def test_form_that_is_too_large__names_both_sizes(
    client: Client, settings: Settings, debug: bool
) -> None:
    settings.DEBUG = debug
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1024
    answer = client.post("/admin/", {"a": "x" * 2048})
    assert answer.status_code == 413
    assert "the form has 2.1 kB, and the server takes 1.0 kB." in answer.text


@pytest.mark.django_db
def test_form_with_too_many_fields__names_the_limit(client: Client, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2
    answer = client.post("/admin/", "a=1&b=2&c=3", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413
    assert "Too many fields" in answer.text
    assert (
        "Nothing was saved: the form has more fields than the 2 that the server takes. "
        "Go back, remove some of the added rows and save. Then add them again."
    ) in " ".join(answer.text.split())


def test_address_that_allows_only_post__is_explained(admin_client: Client) -> None:
    answer = admin_client.get(reverse("admin:logout"))
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, OPTIONS")
    assert "This address only takes forms" in answer.text


# Sessions


def test_session_that_has_ended__is_explained(admin_client: Client) -> None:
    Session.objects.all().delete()
    answer = admin_client.get("/admin/", headers={"Accept": HTML}, follow=True)
    assert ENDED in answer.text


@pytest.mark.parametrize("accept", [HTML, "application/json"])
def test_login_without_an_ended_session__has_no_notice(
    admin_client: Client, client: Client, accept: str
) -> None:
    Session.objects.all().delete()
    visitor = client if accept == HTML else admin_client
    answer: Any = visitor.get("/admin/", headers={"Accept": accept}, follow=True)
    assert ENDED not in answer.text
