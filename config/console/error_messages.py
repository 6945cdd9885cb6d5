"""One readable line instead of a traceback, for what the person at the keyboard can set right."""

import os
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, NotSupportedError, OperationalError
from django.db.migrations.exceptions import InconsistentMigrationHistory
from psycopg import errors

from config.console.termination import Terminated

SETTABLE_RIGHT = (
    errors.InsufficientPrivilege,
    errors.ReadOnlySqlTransaction,
    errors.DependentObjectsStillExist,
    errors.DuplicateTable,
    errors.DuplicateObject,
)
NEXT_STEPS = {
    "authentication failed": "Correct the user and the password in DATABASE_URL.",
    "no password supplied": "Add the password to DATABASE_URL.",
    "no pg_hba.conf entry": "Let the server's pg_hba.conf allow it, or correct DATABASE_URL.",
    'database ".*" does not exist': "Create it, or correct the name in DATABASE_URL.",
    'role ".*" does not exist': "Create it, or correct the user in DATABASE_URL.",
    "refused": "Start the server, or correct the host and the port in DATABASE_URL.",
    "No such file": "Start the server, or correct the host in DATABASE_URL.",
    "closed the connection|terminating connection": "Try again, or look into the server's log.",
    "timeout expired": "Correct the host and the port in DATABASE_URL, or let this machine in.",
    "invalid response": "Correct the host and the port in DATABASE_URL.",
    "resolve": "Correct the host in DATABASE_URL.",
    "invalid .* value|definition of service": "Correct it in DATABASE_URL.",
    "SSL|certificate": "Correct sslmode and the like in DATABASE_URL, or set up the server's TLS.",
    "or later is required": "Point DATABASE_URL at a newer server.",
    "permission denied": "Let the owner grant it, or use another role in DATABASE_URL.",
    "unsafe use of new value": "Move what uses it into a migration after the one that adds it.",
    "statement timeout": "Raise statement_timeout for this role, or try again later.",
    "read-only transaction": "Point DATABASE_URL at the primary server, and a role that may write.",
    "already exists": "Remove what is in the way, or point DATABASE_URL at an empty database.",
    "depend on it": "Drop what depends on it first.",
    "is applied before its dependency": (
        "Point DATABASE_URL at a database of this project, or at an empty one."
    ),
}
"""What to do, by a pattern in the message; the first that is found counts."""
EXIT_STATUS = {"check_migrations": 2, "verify_schema": 2}
"""Of a command that could not do its work, where 1 has a meaning of its own."""

INTERRUPTED, TERMINATED = 130, 143
"""Of a command that was ended by SIGINT or SIGTERM, as a shell would report it."""


@contextmanager
def explained_errors(argv: Sequence[str]) -> Iterator[None]:
    """End the program with one line on stderr, unless `argv` asks for the traceback."""

    def explained(error: BaseException | None) -> str | None:
        message = None if "--traceback" in argv else explain(error)
        return message and f"{' '.join(argv[:2])}: {message}"

    def end_autoreload(uncaught: threading.ExceptHookArgs) -> None:
        # runserver with its reloader would wait for a change of the code, which is not at fault.
        message = explained(uncaught.exc_value)
        if message and isinstance(uncaught.exc_value, Error):
            print(message, file=sys.stderr, flush=True)
            os._exit(1)  # as runserver does: sys.exit() would only end the thread
        threading.__excepthook__(uncaught)

    threading.excepthook = end_autoreload
    try:
        yield
    except Exception as error:
        _complain(explained(error) or traceback.format_exc().rstrip())
        sys.exit(EXIT_STATUS.get("".join(argv[1:2]), 1))
    except KeyboardInterrupt as interruption:
        if "--traceback" in argv:
            raise
        _complain(f"{' '.join(argv[:2])}: {str(interruption) or 'interrupted.'}")
        sys.exit(TERMINATED if isinstance(interruption, Terminated) else INTERRUPTED)
    finally:
        threading.excepthook = threading.__excepthook__


def _complain(message: str) -> None:
    """If nobody can hear it, the exit status says enough."""
    if sys.stderr is None:  # closed from the beginning; print() would take stdout instead
        return
    try:
        print(message, file=sys.stderr, flush=True)
    except OSError:
        with suppress(OSError):
            sys.stderr.close()  # or the interpreter would try again, and exit with 120


def explain(error: BaseException | None) -> str | None:
    """What went wrong and what to do about it; None where a programmer has to look."""
    if isinstance(error, ImproperlyConfigured):
        return " ".join(str(error).split())
    if cause := driver_error(error):
        if not isinstance(error, OperationalError) and not isinstance(cause, SETTABLE_RIGHT):
            return None
        message = cause.diag.message_primary or _why_not_connected(cause)
        if isinstance(cause, errors.DependentObjectsStillExist):
            message = f"{message}: {'; '.join((cause.diag.message_detail or '').splitlines())}"
    elif isinstance(error, InconsistentMigrationHistory):
        message = str(error)
    elif isinstance(error, OperationalError):  # the embedded server's; it says what to do
        return str(error)
    elif isinstance(error, NotSupportedError) and "or later is required" in str(error):
        message = str(error)
    else:
        return None
    next_step = next((step for words, step in NEXT_STEPS.items() if re.search(words, message)), "")
    return f"{message.rstrip('.')}. {next_step}".strip()


def driver_error(error: BaseException | None) -> psycopg.Error | None:
    """psycopg's error below Django's."""
    while isinstance(error, Error):
        error = error.__cause__ or error.__context__
    return error if isinstance(error, psycopg.Error) else None


def _why_not_connected(error: psycopg.Error) -> str:
    """libpq tells of each address that it tried, one a line, and adds advice after a tab."""
    lines = str(error).splitlines()
    *_, line = lines[:1] + [line for line in lines if " failed: " in line]
    line = re.sub(r"^.*connection failed: |^connection is bad: ", "", line)
    return re.sub(r"FATAL:  |\[Errno -?\d+\] ", "", line)
