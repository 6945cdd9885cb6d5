"""Sessions beside that of migrate, and what migrate says to whom they are in the way."""

import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection

from tests.support.processes import eventually

type Session = psycopg.Connection[tuple[Any, ...]]


def session(name: str = "report") -> Session:
    """A session on the database behind "default", where each statement commits.

    To be called in the main thread: behind "default", others have another database.
    """
    names = ("host", "port", "user", "password", "dbname")
    parameters = connection.get_connection_params()
    where = {name: parameters[name] for name in names if name in parameters}
    return psycopg.connect(**where, application_name=name, autocommit=True)


LOCKS = (
    "pg_locks JOIN pg_stat_activity ON pg_stat_activity.pid = pg_locks.pid"
    " AND datname = current_database()"
)
"""Of this database's sessions; other tests may be running on the same server."""


def wait_until_somebody_waits(watcher: Session) -> None:
    waits = f"SELECT FROM {LOCKS} WHERE NOT granted"
    assert eventually(lambda: watcher.execute(waits.encode()).fetchall() != [])


def end_sessions(condition: str, other: Session) -> None:
    """Those whose locks fulfil the condition, but not `other`."""
    end = f"SELECT pg_terminate_backend(pg_locks.pid, 5000) FROM {LOCKS} WHERE {condition}"
    other.execute(end.encode())


class Listener(StringIO):
    """Does something when it is told certain words."""

    def __init__(self, words: str, reaction: Callable[[], Any]) -> None:
        super().__init__()
        self.words, self.reaction = words, reaction

    def write(self, text: str) -> int:
        if self.words in text:
            self.reaction()
        return super().write(text)


def migrate_until(words: str, reaction: Callable[[], Any], *arguments: str) -> list[str]:
    """What `manage.py migrate` prints, of which `words` cause the `reaction`."""
    output = Listener(words, reaction)
    call_command("migrate", *arguments, stdout=output, no_color=True)
    return without_seconds(output.getvalue()).splitlines()


def without_seconds(text: str) -> str:
    """`text`, in which the age of a transaction is left open."""
    return re.sub(r" for \d+ s", " for … s", text)
