"""Checks of a standby, which decide whether it is used, and their log."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from math import inf
from threading import Thread

import pytest
from django.db import connections
from pytest_django import Settings

from config import deadline
from config.replica import health
from config.replica.health import HEALTH, Status
from config.replica.lag import Lag
from tests.factories import UserFactory
from tests.support.processes import eventually
from tests.support.servers import Server
from tests.support.standby import Pair, databases, url

NOT_USED = "Reads go to the primary, not to the replica: "


def problem() -> str:
    return HEALTH.status().problem


@contextmanager
def replica_at(address: str, pair: Pair) -> Iterator[None]:
    with databases(default=url(pair.primary), replica=address):
        yield


def test_standby_that_has_everything__is_used(pair: Pair) -> None:
    status = HEALTH.status()
    assert (status.is_usable, status.lag < 5) == (True, True)


def test_standby_that_is_further_behind_than_the_limit__is_not_used(
    pair: Pair, settings: Settings
) -> None:
    settings.DATABASE_REPLICA_MAX_LAG = 1
    assert HEALTH.status().is_usable
    with pair.paused():
        UserFactory.create()
        assert eventually(lambda: not HEALTH.status().is_usable)
        pattern = r"it is up to [1-9]\.\d seconds behind, and 1 are allowed"
        assert re.fullmatch(pattern, problem())


def test_standby_that_has_replayed_no_commit__is_behind_by_an_unknown_time(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lag, "seconds", lambda *_: inf)
    reason = "it is an unknown number of seconds behind, and 10 are allowed"
    assert HEALTH.status() == Status(inf, reason)


def test_standby_that_is_behind_within_the_limit__is_used(pair: Pair) -> None:
    with pair.paused():
        UserFactory.create()
        status = HEALTH.status()
        assert (status.is_usable, status.lag > 0) == (True, True)


def test_standby_that_catches_up__is_used_again(pair: Pair, settings: Settings) -> None:
    settings.DATABASE_REPLICA_MAX_LAG = 0
    with pair.paused():
        UserFactory.create()
        assert not HEALTH.status().is_usable
    pair.catch_up()
    assert HEALTH.status().is_usable


def test_standby_that_has_lost_the_primary__is_not_used(pair: Pair, settings: Settings) -> None:
    """The standby reports no lag, because it has replayed everything that it has received."""
    settings.DATABASE_REPLICA_MAX_LAG = 1
    with pair.cut_off():
        UserFactory.create()
        assert eventually(lambda: "seconds behind, and 1 are allowed" in problem())
    pair.catch_up()


def test_standby_that_is_down__is_not_used(pair: Pair) -> None:
    with pair.stopped():
        assert problem().startswith("it does not answer: ")
        assert "\n" not in problem()


def test_server_that_never_answers__is_not_used_after_the_time_limit(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline, "SECONDS", 2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = Server(listener.getsockname()[1])
        with replica_at(silent.url("postgres"), pair):
            assert problem().startswith("it does not answer: ")
            assert HEALTH.status()  # without waiting
            assert HEALTH._checking.locked()


def test_process_without_a_free_thread__checks_again_later(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(thread: Thread) -> None:
        raise RuntimeError("can't start new thread")

    HEALTH.suspend()
    with monkeypatch.context() as patch:
        patch.setattr(Thread, "start", fail)
        assert problem() == "it did not answer the last read"
    assert eventually(lambda: HEALTH.status().is_usable)


def test_server_without_a_free_connection__is_not_used(pair: Pair) -> None:
    pair.on(pair.primary, "DROP ROLE IF EXISTS unwanted")
    pair.on(pair.primary, "CREATE ROLE unwanted LOGIN CONNECTION LIMIT 0")
    pair.catch_up()
    with replica_at(url(pair.standby, user="unwanted"), pair):
        assert problem().startswith("it refuses connections: ")
        assert 'too many connections for role "unwanted"' in problem()


def test_server_that_takes_writes__is_not_used(pair: Pair) -> None:
    with replica_at(url(pair.primary), pair):
        assert problem() == "it is not a standby, because it accepts writes"


def test_standby_ahead_of_the_primary__is_not_used(pair: Pair) -> None:
    HEALTH._lag._reached = Decimal(2**60)
    reason = "it follows a server other than the primary, such as a copy of the primary"
    assert problem() == reason


def test_standby_of_another_database__is_not_used(pair: Pair) -> None:
    with replica_at(url(pair.standby, "template1"), pair):
        assert problem() == "it has another database than the primary"


def test_role_without_privileges__may_check(pair: Pair) -> None:
    pair.on(pair.primary, "DROP ROLE IF EXISTS nobody")
    pair.on(pair.primary, "CREATE ROLE nobody LOGIN")
    pair.catch_up()
    with replica_at(url(pair.standby, user="nobody"), pair):
        assert HEALTH.status().is_usable


def test_replica_that_stops_and_returns__is_logged_in_two_lines(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    HEALTH.status()
    with pair.stopped():
        reasons = {problem() for _ in range(3)}
    pair.catch_up()
    assert eventually(lambda: HEALTH.status().is_usable)
    stopped, returned = [record.getMessage() for record in caplog.records]
    assert stopped == f"{NOT_USED}{reasons.pop()}."
    assert re.fullmatch(r"The replica is used again: it is \d\.\d seconds behind\.", returned)


def test_status__is_kept_for_a_second(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS", 1_000)
    HEALTH.status()
    with pair.stopped():
        assert HEALTH.status().is_usable


def test_old_status__is_not_used_while_another_thread_checks(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "GRACE_SECONDS", 0)
    assert HEALTH.status().is_usable
    with HEALTH._checking:
        assert problem() == "it is being checked"


def test_status_from_before_the_loss_of_the_primary__is_kept(pair: Pair) -> None:
    assert HEALTH.status().is_usable
    connections["default"].close()
    connections["default"].settings_dict["PORT"] = 1
    assert HEALTH.status().is_usable


def test_standby_that_was_not_checked_before_the_primary_was_lost__is_not_used(pair: Pair) -> None:
    connections["default"].settings_dict["PORT"] = 1
    assert problem() == "it has not been checked yet"
