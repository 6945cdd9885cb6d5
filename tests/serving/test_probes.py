"""Answers to probes while the database works, lacks migrations, hangs, or is unavailable."""

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from config import deadline
from config.serving import probes
from tests.support.databases import Database
from tests.support.migrations import default_database
from tests.support.processes import PATIENCE
from tests.support.servers import Server, server_of_version

OK = (200, "ok\n")
NO_ANSWER = (503, "The database does not answer. The log has the reason.\n")

type Probe = Callable[[], tuple[int, str]]


def status_and_body(response: Any) -> tuple[int, str]:
    return response.status_code, response.content.decode()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise the time limit, so that a busy machine does not exceed it."""
    monkeypatch.setattr(deadline, "SECONDS", PATIENCE)


@pytest.fixture
def probed_database(
    patient: None, shared_clone: Database, django_db_blocker: DjangoDbBlocker
) -> Iterator[Database]:
    """Return a migrated database, which the alias "default" uses until the test ends."""
    with django_db_blocker.unblock(), default_database(shared_clone.name):
        yield shared_clone


@pytest.fixture
def changeable_database(
    patient: None, clone: Database, django_db_blocker: DjangoDbBlocker
) -> Iterator[Database]:
    """Return a database like `probed_database`, which the test may change."""
    with django_db_blocker.unblock(), default_database(clone.name):
        yield clone


@pytest.fixture
def connect_to(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that makes the project connect to the server on a port."""

    def connect_to(port: int) -> None:
        parameters = {"host": "127.0.0.1", "port": port, "user": "u", "password": "s3cret"}
        monkeypatch.setattr(connections["default"], "get_connection_params", lambda: parameters)

    return connect_to


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probe_by_address_over_http__is_answered(
    client: Client, settings: Settings, probed_database: Database, path: str
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert status_and_body(client.get(path, headers={"host": "10.0.0.7:8000"})) == OK


def test_healthz__asks_no_database(
    client: Client, connect_to: Callable[[int], None], closed_port: int
) -> None:
    connect_to(closed_port)
    assert status_and_body(client.get("/healthz")) == OK


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probe__is_neither_cached_nor_given_a_session(
    client: Client, probed_database: Database, path: str
) -> None:
    response = client.get(path)
    assert "no-store" in response.headers["Cache-Control"]
    assert not response.cookies


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_probe_with_an_unsafe_method__is_refused(client: Client, path: str, method: str) -> None:
    response = getattr(client, method)(path)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


def test_readyz_of_a_database_without_a_migration__names_it(
    client: Client, changeable_database: Database
) -> None:
    changeable_database.execute(
        "DELETE FROM django_migrations WHERE app = 'users' AND name LIKE '0001%'"
    )
    assert status_and_body(client.get("/readyz")) == (
        503,
        "1 migration not applied, first users.0001_initial. Run migrate.\n",
    )


def test_readyz_of_an_empty_database__counts_all_migrations(
    client: Client, changeable_database: Database
) -> None:
    changeable_database.execute("DROP TABLE django_migrations")
    status, line = status_and_body(client.get("/readyz"))
    assert status == 503
    assert line.endswith(" migrations not applied, first admin.0001_initial. Run migrate.\n")


def test_readyz_of_a_database_with_a_newer_migration__is_ok(
    client: Client, changeable_database: Database
) -> None:
    changeable_database.execute(
        "INSERT INTO django_migrations VALUES (DEFAULT, 'users', '9999_new', now())"
    )
    assert status_and_body(client.get("/readyz")) == OK


@pytest.mark.parametrize(
    ("applied", "missing"),
    [
        ({"0001_squashed"}, set()),
        ({"0001", "0002"}, set()),
        ({"0001"}, {("users", "0001_squashed")}),
    ],
)
def test_squashed_migration__is_applied_by_itself_or_all_that_it_replaces(
    monkeypatch: pytest.MonkeyPatch, applied: set[str], missing: set[Any]
) -> None:
    wanted = {("users", "0001_squashed"): {("users", "0001"), ("users", "0002")}}
    monkeypatch.setattr(probes, "_read_migrations", lambda: wanted)
    assert probes._unapplied_migrations({("users", name) for name in applied}) == missing


def test_readyz__uses_the_role_of_the_project(client: Client, probed_database: Database) -> None:
    connections["default"].settings_dict["OPTIONS"] = {"assume_role": "pg_monitor"}
    assert status_and_body(client.get("/readyz")) == NO_ANSWER


def test_readyz_while_migrations_are_locked__soon_not_ready(
    client: Client, probed_database: Database
) -> None:
    with probed_database.session() as session, session.transaction():
        session.execute("LOCK django_migrations")
        assert answer_in_time(lambda: status_and_body(client.get("/readyz"))) == NO_ANSWER


def test_readyz_without_a_server__not_ready_and_keeps_the_password_secret(
    client: Client,
    connect_to: Callable[[int], None],
    closed_port: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    connect_to(closed_port)
    assert status_and_body(client.get("/readyz")) == NO_ANSWER
    reason = next(r.getMessage() for r in caplog.records if r.name == probes.__name__)
    assert reason.startswith("The database does not answer a health check: connection failed: ")
    assert "s3cret" not in caplog.text
    assert "Traceback" not in caplog.text


@pytest.fixture
def silent_server() -> Iterator[Server]:
    """Return a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Server(listener.getsockname()[1])


def test_readyz_of_a_server_that_hangs_at_the_start__soon_not_ready(
    client: Client, connect_to: Callable[[int], None], silent_server: Server
) -> None:
    connect_to(silent_server.port)
    assert answer_in_time(lambda: status_and_body(client.get("/readyz"))) == NO_ANSWER


def test_readyz_of_a_server_that_hangs_later__soon_not_ready(
    client: Client, connect_to: Callable[[int], None]
) -> None:
    with server_of_version("18.0") as server:
        connect_to(server.port)
        assert answer_in_time(lambda: status_and_body(client.get("/readyz"))) == NO_ANSWER


def answer_in_time(probe: Probe) -> tuple[int, str]:
    start = time.monotonic()
    answer = probe()
    assert time.monotonic() - start < 10
    return answer
