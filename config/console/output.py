"""Output to a pipe that may be closed, or to a disk that may be full."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.core.management.base import OutputWrapper

CLOSED = "The output cannot be written: stdout is closed."


class OutputError(Exception):
    """The output could not be written."""


@contextmanager
def delivered(stdout: OutputWrapper) -> Iterator[None]:
    """Raise OutputError if the output cannot be written.

    If the reader closes its pipe early, as `head` does, the rest is dropped without an error.
    """
    if sys.stdout is None:
        raise OutputError(CLOSED)
    try:
        yield
        stdout.flush()
    except BrokenPipeError:
        _discard(stdout)
    except OSError as error:
        _discard(stdout)
        raise OutputError(f"The output cannot be written: {error.strerror}.") from error


def _discard(stdout: OutputWrapper) -> None:
    """Close `stdout`, so that the interpreter does not try to flush it again at exit."""
    with suppress(OSError):
        stdout.close()
