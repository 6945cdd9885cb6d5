"""SIGTERM ends a command as Ctrl-C does: in order, and with a word about where it stands."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """The process was sent SIGTERM."""


@contextmanager
def explained_interruption(standing: Callable[[], str]) -> Iterator[None]:
    """Have an interruption tell how `migrate` leaves the database, which `standing` knows."""
    try:
        with orderly_termination():
            yield
    except KeyboardInterrupt as interruption:
        raise type(interruption)(f"interrupted. {standing()}") from interruption


@contextmanager
def orderly_termination() -> Iterator[None]:
    """Have SIGTERM raise Terminated.

    By default it ends the process at once, and the server goes on with the last statement.
    """
    if threading.current_thread() is not threading.main_thread():  # which alone gets signals
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated
