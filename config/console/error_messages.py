"""One line in place of a traceback for errors that the user of a command can fix."""

import errno
import os
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO, TypeGuard

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, NotSupportedError, OperationalError
from django.db.migrations.exceptions import InconsistentMigrationHistory
from psycopg import errors

from config.console.driver_errors import driver_error
from config.console.failed_operations import explain_operation
from config.console.next_steps import TO_FIX, next_step, raising_function
from config.console.output import CLOSED, OutputError, discard
from config.console.termination import Terminated
from config.console.unloaded_migrations import explain_loading

OUTPUT_ERRORS = (errno.ENOSPC, errno.EPIPE, errno.EIO, errno.EBADF)
"""The error numbers of a failed write to stdout."""
UNANSWERED = "A question got no answer, because the input has ended. Run the command in a terminal."
END_OF_INPUT = ("EOF when reading a line", "")
"""The messages of an EOFError from input(). An EOFError from reading a file has another message."""
EXIT_STATUS: Mapping[str, int] = {"check_migrations": 2, "verify_schema": 2}
"""The exit status after an error, for commands whose status 1 has another meaning."""

INTERRUPTED, TERMINATED = 130, 143
"""The exit status after SIGINT and after SIGTERM, as a shell reports it."""


@contextmanager
def explained_errors(argv: Sequence[str]) -> Iterator[None]:
    """End the program after an error, with one line on stderr.

    Print the traceback instead if `argv` contains --traceback, or if explain() has no message.
    """

    def explained(error: BaseException | None) -> str | None:
        message = None if "--traceback" in argv else explain(error)
        return message and f"{' '.join(argv[:2])}: {message}"

    def end_autoreload(uncaught: threading.ExceptHookArgs) -> None:
        # Otherwise the reloader of runserver waits for a change of the code, which does not help.
        message = explained(uncaught.exc_value)
        if message and isinstance(uncaught.exc_value, Error):
            print(message, file=sys.stderr, flush=True)
            os._exit(1)  # sys.exit() ends only this thread
        threading.__excepthook__(uncaught)

    before, threading.excepthook = threading.excepthook, end_autoreload
    try:
        if sys.stdout is None:
            raise OutputError(CLOSED)
        yield
        _flush(sys.stdout)
    except Exception as error:
        _print_error(explained(error) or traceback.format_exc().rstrip())
        sys.exit(EXIT_STATUS.get("".join(argv[1:2]), 1))
    except KeyboardInterrupt as interruption:
        if "--traceback" in argv:
            raise
        _print_error(f"{' '.join(argv[:2])}: {str(interruption) or 'interrupted.'}")
        sys.exit(TERMINATED if isinstance(interruption, Terminated) else INTERRUPTED)
    finally:
        threading.excepthook = before
        _give_up_output()


def _flush(stream: TextIO | None) -> None:
    if stream and not stream.closed:
        stream.flush()


def _give_up_output() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            _flush(stream)
        except OSError:
            discard(stream)


def _print_error(message: str) -> None:
    """Print on stderr. If stderr is closed, rely on the exit status."""
    if sys.stderr is not None:  # otherwise print() writes to stdout
        with suppress(OSError):
            print(message, file=sys.stderr)


WITH_DETAIL = (errors.DependentObjectsStillExist, errors.FeatureNotSupported)
"""The errors whose detail names the objects that prevent the statement."""


def explain(error: BaseException | None) -> str | None:
    """Return the problem and the next step, or None if a developer needs the traceback."""
    if isinstance(error, ImproperlyConfigured):
        return " ".join(str(error).split())
    if isinstance(error, OutputError):
        return str(error)
    if is_output_error(error):
        return f"The output cannot be written: {error.strerror}."
    if isinstance(error, EOFError) and str(error) in END_OF_INPUT:
        return UNANSWERED
    if error and (message := explain_operation(error) or explain_loading(error)):
        return message
    if cause := driver_error(error):
        return _explain_driver_error(cause)
    if isinstance(error, OperationalError):  # from the embedded server, with a next step
        return str(error)
    if isinstance(error, InconsistentMigrationHistory | NotSupportedError):
        step = next_step(str(error))
        return f"{str(error).rstrip('.')}. {step}" if step else None
    return None


def _explain_driver_error(error: psycopg.Error) -> str | None:
    if not isinstance(error, (psycopg.OperationalError, *TO_FIX)) and not raising_function(error):
        return None
    message = error.diag.message_primary or _connection_failure(error)
    if isinstance(error, errors.ConnectionFailure):
        message = message.splitlines()[0]  # the other lines are hints
    step = next_step(message, error)
    if isinstance(error, WITH_DETAIL) and error.diag.message_detail:
        message = f"{message}: {'; '.join(error.diag.message_detail.splitlines())}"
    return f"{message.rstrip('.')}. {step}".strip()


def is_output_error(error: BaseException | None) -> TypeGuard[OSError]:
    """Return whether writing to stdout failed, for example because the disk is full."""
    if not isinstance(error, OSError) or error.filename:  # the error is about another file
        return False
    return error.errno in OUTPUT_ERRORS


def _connection_failure(error: psycopg.Error) -> str:
    """Return the reason from the last line about a failure. There is a line for each address."""
    lines = str(error).splitlines()
    *_, line = lines[:1] + [line for line in lines if " failed: " in line]
    line = re.sub(r"^.*connection failed: |^connection is bad: ", "", line)
    return re.sub(r"FATAL:  |\[Errno -?\d+\] ", "", line)
