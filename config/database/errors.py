"""One readable line instead of a traceback, for what the person at the keyboard can set right."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, NotSupportedError, OperationalError
from psycopg import errors

SETTABLE_RIGHT = (
    errors.InsufficientPrivilege,
    errors.DependentObjectsStillExist,
    errors.DuplicateTable,
    errors.DuplicateObject,
)
NEXT_STEPS = {
    "password authentication failed": "Check the user and the password in DATABASE_URL.",
    "no password supplied": "Add the password to DATABASE_URL.",
    "database": "Create it, or correct DATABASE_URL.",
    "refused": "Start the server, or correct the host and the port in DATABASE_URL.",
    "No such file": "Start the server, or correct the host in DATABASE_URL.",
    "resolve": "Correct the host in DATABASE_URL.",
    "or later is required": "Point DATABASE_URL at a newer server.",
    "permission denied": "Let the owner grant it, or use another role in DATABASE_URL.",
    "already exists": "Remove what is in the way, or point DATABASE_URL at an empty database.",
    "depend on it": "Drop what depends on it first.",
}
"""What to do, by words of the message; the first that is found counts."""


@contextmanager
def explained_errors(argv: Sequence[str]) -> Iterator[None]:
    """End the program with one line on stderr, unless `argv` asks for the traceback."""
    try:
        yield
    except (Error, ImproperlyConfigured) as error:
        message = None if "--traceback" in argv else explain(error)
        if message is None:
            raise
        sys.exit(f"{' '.join(argv[:2])}: {message}")


def explain(error: Exception) -> str | None:
    """What went wrong and what to do about it; None where a programmer has to look."""
    if isinstance(error, ImproperlyConfigured):
        return " ".join(str(error).split())
    cause = _root_cause(error)
    if not isinstance(cause, psycopg.Error):
        return str(cause) if isinstance(error, (OperationalError, NotSupportedError)) else None
    if not isinstance(error, OperationalError) and not isinstance(cause, SETTABLE_RIGHT):
        return None
    message = cause.diag.message_primary or _why_not_connected(cause)
    next_step = next((step for words, step in NEXT_STEPS.items() if words in message), "")
    return f"{message.rstrip('.')}. {next_step}".strip()


def _root_cause(error: BaseException) -> BaseException:
    while deeper := error.__cause__ or error.__context__:
        error = deeper
    return error


def _why_not_connected(error: psycopg.Error) -> str:
    """libpq tells of each address that it tried, one a line, and adds advice after a tab."""
    lines = [line for line in str(error).splitlines() if " failed: " in line]
    return lines[-1].rpartition("failed: ")[2] if lines else str(error).splitlines()[0]
