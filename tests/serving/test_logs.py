"""Lines of the log, as JSON and as text, with their request."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from psycopg.errors import ConnectionFailure
from pytest_django import Settings

from config.serving import JsonFormatter, TextFormatter, log_to_stdout

logger = logging.getLogger("tests")


def fail(request: HttpRequest) -> HttpResponse:
    raise ValueError("first line\nsecond line")


def warn(request: HttpRequest) -> HttpResponse:
    logger.warning("Be careful")
    return HttpResponse()


def lose(request: HttpRequest) -> HttpResponse:
    raise OperationalError from psycopg.OperationalError("connection failed: no route to host")


def lose_server_of_cluster(request: HttpRequest) -> HttpResponse:
    raise OperationalError from ConnectionFailure("connection failed: no route to host")


urlpatterns = [
    path("fail/", fail),
    path("lose/", lose),
    path("lose-server/", lose_server_of_cluster),
    path("warn/", warn),
]


@pytest.fixture
def log(settings: Settings) -> Iterator[io.StringIO]:
    """Return the JSON log of a site with the views of this module."""
    settings.ROOT_URLCONF = __name__
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def site_client() -> Client:
    return Client(raise_request_exception=False)


def only_line(log: io.StringIO) -> dict[str, Any]:
    [line] = log.getvalue().splitlines()
    return dict(json.loads(line))


def test_error_of_a_view__is_one_line_with_the_exception_and_without_the_query(
    site_client: Client, log: io.StringIO
) -> None:
    response = site_client.get("/fail/?q=ann@example.org")
    line = only_line(log)
    assert response.status_code == 500
    assert line.pop("time").endswith("+00:00")
    assert line.pop("exception").endswith("ValueError: first line\nsecond line")
    assert line == {
        "level": "ERROR",
        "logger": "django.request",
        "message": "Internal Server Error: /fail/",
        "request_id": response.headers["X-Request-ID"],
        "method": "GET",
        "path": "/fail/",
        "status": 500,
    }
    assert "ann@" not in log.getvalue()


REASONS = {
    "/lose/": "no route to host.",
    "/lose-server/": "no route to host. Start that server of the cluster, or see its log.",
}


@pytest.mark.parametrize("address", REASONS)
def test_error_of_an_unavailable_database__has_the_reason_instead_of_an_exception(
    address: str, site_client: Client, log: io.StringIO
) -> None:
    site_client.get(address)
    line = only_line(log)
    assert line["message"] == f"Internal Server Error: {address}: {REASONS[address]}"
    assert "exception" not in line


def test_line_of_any_logger_in_a_request__names_the_request(
    site_client: Client, log: io.StringIO
) -> None:
    site_client.get("/warn/", headers={"X-Request-ID": "0123456789abcdef"})
    line = only_line(log)
    assert (line["logger"], line["request_id"], line["path"]) == (
        "tests",
        "0123456789abcdef",
        "/warn/",
    )


def test_line_outside_of_a_request__has_no_fields_of_a_request(
    site_client: Client, log: io.StringIO
) -> None:
    site_client.get("/warn/")
    log.truncate(0)
    log.seek(0)
    logger.warning("Alone")
    assert only_line(log).keys() == {"time", "level", "logger", "message"}


@pytest.mark.parametrize("sent", ["", "short", "a" * 65, "0123456789\x1b[31m", "0123456789 {}"])
def test_request_id_that_is_not_well_formed__is_replaced(
    site_client: Client, log: io.StringIO, sent: str
) -> None:
    response = site_client.get("/warn/", headers={"X-Request-ID": sent})
    assert len(response.headers["X-Request-ID"]) == 32


def test_line_of_text__cannot_be_broken_by_a_message() -> None:
    record = logging.makeLogRecord({"msg": "Not Found: /%s", "args": ("a\nb\x1b[31m",)})
    assert TextFormatter("%(message)s").format(record) == r"Not Found: /a\nb\x1b[31m"


def test_server_log__goes_to_stdout(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler()])
    log_to_stdout()
    logger.warning("Be careful")
    assert capsys.readouterr() == ("Be careful\n", "")
