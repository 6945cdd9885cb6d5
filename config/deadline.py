"""A time limit for a session whose server may no longer answer."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

import psycopg


@contextmanager
def deadline(session: psycopg.Connection, seconds: float) -> Iterator[None]:
    """Cut the connection after the time limit, in case the server or pooler no longer answers."""
    timer = Timer(seconds, cut, [session.fileno()])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # before the descriptor can belong to another connection


def cut(descriptor: int) -> None:
    """Shut down the connection of a descriptor, so that waiting for an answer raises an error."""
    with socket.socket(fileno=os.dup(descriptor)) as end:
        end.shutdown(socket.SHUT_RDWR)
