"""A session of its own with the replica, which ends soon in any case."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper

from config.deadline import deadline

SECONDS = 2
"""The time limit for the connection, and again for its queries. libpq allows no shorter one."""
OF_SERVER = re.compile(r"failed: \S+:  ")
"""What the server says when it refuses a connection, in whatever language: "FATAL:  sorry"."""


@contextmanager
def new_session(connection: BaseDatabaseWrapper) -> Iterator[psycopg.Connection[Any]]:
    """Connect to the same database apart from its pool, which would wait without limit."""
    parameters: Any = connection.get_connection_params() | {"connect_timeout": SECONDS}
    with (
        psycopg.connect(**parameters, autocommit=True) as session,
        deadline(session, SECONDS),
    ):
        yield session


def has_answered(error: psycopg.Error) -> bool:
    """Return whether the server itself has sent the error, for example if it is full."""
    return bool(error.sqlstate or OF_SERVER.search(str(error)))
