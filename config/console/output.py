"""Output to a pipe that may be closed, or to a disk that may be full."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

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
        discard(stdout)
    except OSError as error:
        discard(stdout)
        raise OutputError(f"The output cannot be written: {error.strerror}.") from error


def discard(stream: OutputWrapper | TextIO) -> None:
    """Close a stream that cannot be written to.

    Otherwise Python flushes the stream again when it exits, and exits with status 120.
    """
    with suppress(OSError):
        stream.close()
