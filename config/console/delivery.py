"""Printing to a reader that may have left, or into a file for which there is no room."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.core.management.base import OutputWrapper


class OutputError(Exception):
    """What was to be printed has not arrived."""


@contextmanager
def delivered(stdout: OutputWrapper) -> Iterator[None]:
    """Have all that is printed arrive. A reader that leaves early, as `head` does, has enough.

    Raises OutputError if it cannot arrive.
    """
    if sys.stdout is None:
        raise OutputError("The output cannot be written: stdout is closed.")
    try:
        yield
        stdout.flush()
    except BrokenPipeError:
        _forget(stdout)
    except OSError as error:
        _forget(stdout)
        raise OutputError(f"The output cannot be written: {error.strerror}.") from error


def _forget(stdout: OutputWrapper) -> None:
    """Lest the interpreter, as it ends, tries once more and complains."""
    with suppress(OSError):
        stdout.close()
