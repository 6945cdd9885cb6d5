"""Sessions that hold locks while migrate runs, and reactions to the output of migrate."""

import random
import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from config.migrating import lock_waits
from tests.support.databases import libpq_parameters
from tests.support.processes import eventually

type Session = psycopg.Connection[tuple[Any, ...]]


def session(name: str = "report") -> Session:
    """Return a session in autocommit mode in the database of the alias "default".

    Call this function in the main thread. In other threads, "default" is another database.
    """
    where = libpq_parameters(connection)
    return psycopg.connect(**where, application_name=name, autocommit=True)


LOCKS = (
    "pg_locks JOIN pg_stat_activity ON pg_stat_activity.pid = pg_locks.pid"
    " AND datname = current_database()"
)
"""The locks of this database only, because other tests may use the same server."""


def shorten_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the pauses between attempts to lock short and not random."""
    monkeypatch.setattr(lock_waits, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(random, "uniform", lambda low, high: high)


def wait_until_a_session_waits(watcher: Session) -> None:
    waits = f"SELECT FROM {LOCKS} WHERE NOT granted"
    assert eventually(lambda: watcher.execute(waits.encode()).fetchall() != [])


def end_sessions(condition: str, other: Session) -> None:
    """End the sessions, except `other`, that have a lock for which `condition` is true."""
    end = f"SELECT pg_terminate_backend(pg_locks.pid, 5000) FROM {LOCKS} WHERE {condition}"
    other.execute(end.encode())


class Listener(StringIO):
    """An output that calls `reaction` when text that matches `words` is written."""

    def __init__(self, words: str, reaction: Callable[[], Any]) -> None:
        super().__init__()
        self.words, self.reaction = words, reaction

    def write(self, text: str) -> int:
        if re.search(self.words, text):
            self.reaction()
        return super().write(text)


def migrate_until(words: str, reaction: Callable[[], Any], *arguments: str) -> list[str]:
    """Run migrate; call `reaction` when it prints text that matches `words`. Return the lines."""
    output = Listener(words, reaction)
    call_command("migrate", *arguments, stdout=output, no_color=True)
    return without_seconds(output.getvalue()).splitlines()


def without_seconds(text: str) -> str:
    """Return `text` without the ages of transactions."""
    return re.sub(r" for \d+ s", " for … s", text)
