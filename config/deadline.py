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
"""The time limit for connecting, and for the queries after that. psycopg allows no less."""


@contextmanager
def new_session(connection: BaseDatabaseWrapper) -> Iterator[psycopg.Connection[Any]]:
    """Open a session that does not come from the pool, because the pool may wait longer.

    Cut its connection soon after the time limit, because the server may no longer answer.
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
    """Shut down the socket of the descriptor, so that waiting for an answer raises an error."""
    with socket.socket(fileno=os.dup(descriptor)) as connection:
        connection.shutdown(socket.SHUT_RDWR)
