"""An orderly end after Ctrl-C and after SIGTERM, with a message about the state of the database."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """The process received SIGTERM."""


@contextmanager
def explained_interruption(standing: Callable[[], str]) -> Iterator[None]:
    """Add to an interruption of `migrate` what `standing` says about the database."""
    try:
        with orderly_termination():
            yield
    except KeyboardInterrupt as interruption:
        raise type(interruption)(f"interrupted. {standing()}") from interruption


@contextmanager
def orderly_termination() -> Iterator[None]:
    """Raise Terminated on SIGTERM.

    By default SIGTERM ends the process at once, while the server continues the last statement.
    """
    if threading.current_thread() is not threading.main_thread():  # only that receives signals
        yield
        return
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated
