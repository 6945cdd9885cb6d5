"""A time limit for the session with a server that may no longer answer."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

import psycopg


@contextmanager
def deadline(session: psycopg.Connection, seconds: float) -> Iterator[None]:
    """Cut the connection after the time limit, for a server or pooler that no longer answers."""
    timer = Timer(seconds, cut, [session.fileno()])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # while the descriptor is still this connection's


def cut(descriptor: int) -> None:
    """Close the connection of a descriptor, so that whoever waits for an answer stops."""
    with socket.socket(fileno=os.dup(descriptor)) as end:
        end.shutdown(socket.SHUT_RDWR)
