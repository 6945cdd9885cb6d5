"""The end of a read on a replica that no longer answers."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper

from config.deadline import cut
from config.replica.session import has_answered, new_session

PERIOD = 1
"""Seconds after which a server that has not answered a read is looked at, and again."""


@contextmanager
def watched(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Cut the connection if its server does not answer new ones while the block waits.

    A time limit would not do, as it would also end a slow export.
    """
    is_over = Event()
    watch = Thread(target=_watch, args=(connection, is_over), daemon=True)
    watch.start()
    try:
        yield
    finally:
        is_over.set()
        watch.join()  # while the descriptor is still this connection's


def _watch(connection: BaseDatabaseWrapper, is_over: Event) -> None:
    while not is_over.wait(PERIOD):
        session = connection.connection
        if session and not _answers(connection):
            with suppress(OSError, psycopg.Error):  # it was closed meanwhile
                cut(session.fileno())


def _answers(connection: BaseDatabaseWrapper) -> bool:
    try:
        with new_session(connection) as session:
            session.execute("SELECT 1")
    except psycopg.Error as error:
        return has_answered(error)
    return True
