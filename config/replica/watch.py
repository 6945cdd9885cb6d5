"""The thread that ends a read from a replica that no longer answers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper

from config.deadline import cut, new_session

PERIOD = 1
"""Seconds between two checks while a read waits."""
SERVER_MESSAGE = re.compile(r"failed: \S+:  ")
"""The beginning of a server's message in an error of libpq, in any language: "failed: FATAL:  "."""


@contextmanager
def cut_if_unresponsive(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Cut the connection if its server accepts no new session while the block runs.

    The block itself has no time limit, because an export may be slow.
    """
    is_over = Event()
    watch = Thread(target=_watch, args=(connection, is_over), daemon=True)
    watch.start()
    try:
        yield
    finally:
        is_over.set()
        watch.join()  # before the descriptor can belong to another connection


def _watch(connection: BaseDatabaseWrapper, is_over: Event) -> None:
    while not is_over.wait(PERIOD):
        session = connection.connection
        if session and not _answers(connection):
            with suppress(OSError, psycopg.Error):  # the block may have closed the session
                cut(session.fileno())


def _answers(connection: BaseDatabaseWrapper) -> bool:
    try:
        with new_session(connection) as session:
            session.execute("SELECT 1")
    except psycopg.Error as error:
        return server_has_answered(error)
    return True


def server_has_answered(error: psycopg.Error) -> bool:
    """Return whether the server has sent the error, for example because it has no free slot."""
    return bool(error.sqlstate or SERVER_MESSAGE.search(str(error)))
