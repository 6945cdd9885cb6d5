"""Sessions with the replica that have a time limit."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper

from config.deadline import deadline

SECONDS = 2
"""The time limit for connecting, and again for all queries. libpq allows no shorter limit."""
SERVER_MESSAGE = re.compile(r"failed: \S+:  ")
"""A message of the server itself in an error of libpq, in any language: "FATAL:  sorry"."""


@contextmanager
def new_session(connection: BaseDatabaseWrapper) -> Iterator[psycopg.Connection[Any]]:
    """Open a session with the same database, without the pool, which may wait longer."""
    parameters: Any = connection.get_connection_params() | {"connect_timeout": SECONDS}
    with (
        psycopg.connect(**parameters, autocommit=True) as session,
        deadline(session, SECONDS),
    ):
        yield session


def server_has_answered(error: psycopg.Error) -> bool:
    """Return whether the server has sent the error, for example because it has no free slot."""
    return bool(error.sqlstate or SERVER_MESSAGE.search(str(error)))
