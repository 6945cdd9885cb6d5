"""One line instead of a traceback, for errors that the caller of a command can fix."""

import os
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, NotSupportedError, OperationalError
from django.db.migrations.exceptions import InconsistentMigrationHistory
from psycopg import errors

from config.console.termination import Terminated

FIXABLE = (
    errors.InsufficientPrivilege,
    errors.ReadOnlySqlTransaction,
    errors.DependentObjectsStillExist,
    errors.DuplicateTable,
    errors.DuplicateObject,
)
NEXT_STEPS: Mapping[str, str] = {
    "authentication failed": "Correct the user and the password in DATABASE_URL.",
    "no password supplied": "Add the password to DATABASE_URL.",
    "no pg_hba.conf entry": "Let the server's pg_hba.conf allow it, or correct DATABASE_URL.",
    'database ".*" does not exist': "Create it, or correct the name in DATABASE_URL.",
    'role ".*" does not exist': "Create it, or correct the user in DATABASE_URL.",
    "refused": "Start the server, or correct the host and the port in DATABASE_URL.",
    "No such file": "Start the server, or correct the host in DATABASE_URL.",
    "closed the connection|terminating connection": "Try again, or check the server's log.",
    "timeout expired": "Correct the host and the port in DATABASE_URL, or allow the connection.",
    "invalid response": "Correct the host and the port in DATABASE_URL.",
    "resolve": "Correct the host in DATABASE_URL.",
    "invalid .* value|definition of service": "Correct it in DATABASE_URL.",
    "SSL|certificate": "Correct the SSL parameters in DATABASE_URL, or set up TLS on the server.",
    "or later is required": "Point DATABASE_URL at a newer server.",
    "permission denied": "Let the owner grant it, or use another role in DATABASE_URL.",
    "unsafe use of new value": "Use the value in a later migration than the one that adds it.",
    "statement timeout": "Raise statement_timeout for this role, or try again later.",
    "read-only transaction": "Point DATABASE_URL at the primary server and a role that may write.",
    "already exists": "Drop or rename it, or point DATABASE_URL at an empty database.",
    "depend on it": "Drop the dependent objects first.",
    "is applied before its dependency": (
        "Point DATABASE_URL at a database of this project, or at an empty one."
    ),
}
"""The advice, by a pattern in the error message; the first match is used."""
EXIT_STATUS: Mapping[str, int] = {"check_migrations": 2, "verify_schema": 2}
"""The exit status after an error, of the commands in which status 1 means something else."""

INTERRUPTED, TERMINATED = 130, 143
"""The exit status after SIGINT and after SIGTERM, as a shell reports it."""


@contextmanager
def explained_errors(argv: Sequence[str]) -> Iterator[None]:
    """End the program with one line on stderr if an error occurs, unless `argv` has --traceback."""

    def explained(error: BaseException | None) -> str | None:
        message = None if "--traceback" in argv else explain(error)
        return message and f"{' '.join(argv[:2])}: {message}"

    def end_autoreload(uncaught: threading.ExceptHookArgs) -> None:
        # The reloader of runserver would wait for a change of the code, which would not help.
        message = explained(uncaught.exc_value)
        if message and isinstance(uncaught.exc_value, Error):
            print(message, file=sys.stderr, flush=True)
            os._exit(1)  # as runserver does, since sys.exit() would end only this thread
        threading.__excepthook__(uncaught)

    threading.excepthook = end_autoreload
    try:
        yield
    except Exception as error:
        _print_error(explained(error) or traceback.format_exc().rstrip())
        sys.exit(EXIT_STATUS.get("".join(argv[1:2]), 1))
    except KeyboardInterrupt as interruption:
        if "--traceback" in argv:
            raise
        _print_error(f"{' '.join(argv[:2])}: {str(interruption) or 'interrupted.'}")
        sys.exit(TERMINATED if isinstance(interruption, Terminated) else INTERRUPTED)
    finally:
        threading.excepthook = threading.__excepthook__


def _print_error(message: str) -> None:
    """Print on stderr. If that is closed, rely on the exit status."""
    if sys.stderr is None:  # print() would use stdout instead
        return
    try:
        print(message, file=sys.stderr, flush=True)
    except OSError:
        with suppress(OSError):
            sys.stderr.close()  # else the interpreter would flush it again, and exit with 120


def explain(error: BaseException | None) -> str | None:
    """Return what is wrong and what to do, or None if a developer needs the traceback."""
    if isinstance(error, ImproperlyConfigured):
        return " ".join(str(error).split())
    if cause := driver_error(error):
        if not isinstance(error, OperationalError) and not isinstance(cause, FIXABLE):
            return None
        message = cause.diag.message_primary or _connection_failure(cause)
        if isinstance(cause, errors.DependentObjectsStillExist):
            message = f"{message}: {'; '.join((cause.diag.message_detail or '').splitlines())}"
    elif isinstance(error, InconsistentMigrationHistory):
        message = str(error)
    elif isinstance(error, OperationalError):  # of the embedded server; it says what to do
        return str(error)
    elif isinstance(error, NotSupportedError) and "or later is required" in str(error):
        message = str(error)
    else:
        return None
    next_step = next((step for words, step in NEXT_STEPS.items() if re.search(words, message)), "")
    return f"{message.rstrip('.')}. {next_step}".strip()


def driver_error(error: BaseException | None) -> psycopg.Error | None:
    """Return psycopg's error that caused one of Django's, or None."""
    while isinstance(error, Error):
        error = error.__cause__ or error.__context__
    return error if isinstance(error, psycopg.Error) else None


def _connection_failure(error: psycopg.Error) -> str:
    """Return the reason from an error that lists a line for each address, and hints after tabs."""
    lines = str(error).splitlines()
    *_, line = lines[:1] + [line for line in lines if " failed: " in line]
    line = re.sub(r"^.*connection failed: |^connection is bad: ", "", line)
    return re.sub(r"FATAL:  |\[Errno -?\d+\] ", "", line)
