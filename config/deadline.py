"""Sessions that end after a short time, because their server may no longer answer."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper

SECONDS = 2
"""The time limit for connecting, and again for the queries. libpq allows no shorter limit."""


@contextmanager
def new_session(connection: BaseDatabaseWrapper) -> Iterator[psycopg.Connection[Any]]:
    """Open a session with the same database, without the pool, which may wait longer.

    Cut its connection after the time limit, in case the server or pooler no longer answers.
    """
    parameters: Any = connection.get_connection_params() | {"connect_timeout": SECONDS}
    with psycopg.connect(**parameters, autocommit=True) as session:
        timer = Timer(SECONDS + 0.5, cut, [session.fileno()])
        timer.start()
        try:
            yield session
        finally:
            timer.cancel()
            timer.join()  # before the descriptor can belong to another connection


def cut(descriptor: int) -> None:
    """Shut down the connection of a descriptor, so that waiting for an answer raises an error."""
    with socket.socket(fileno=os.dup(descriptor)) as end:
        end.shutdown(socket.SHUT_RDWR)
