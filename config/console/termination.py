"""An orderly end after Ctrl-C, SIGTERM or SIGHUP, with a message about the database."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """The process received SIGTERM, or SIGHUP because its terminal was closed."""


@contextmanager
def explained_interruption(standing: Callable[[], str]) -> Iterator[None]:
    """Add the result of `standing`, the state of the database, to an interruption's message."""
    try:
        with _orderly_termination():
            yield
    except KeyboardInterrupt as interruption:
        raise type(interruption)(f"interrupted. {standing()}") from interruption


@contextmanager
def _orderly_termination() -> Iterator[None]:
    """Raise Terminated on SIGTERM and SIGHUP. A signal that is ignored, as by nohup, stays ignored.

    By default these signals end the process immediately, and the server continues the statement.
    """
    if threading.current_thread() is not threading.main_thread():  # no other thread gets signals
        yield
        return
    previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        for number, handler in previous.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, _terminate)
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated
