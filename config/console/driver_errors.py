"""The errors of psycopg that cause Django's."""

import psycopg
from django.db import Error
from psycopg import errors

from config.console.next_steps import ENDED


def driver_error(error: BaseException | None) -> psycopg.Error | None:
    """Return psycopg's error that caused one of Django's, or None."""
    while isinstance(error, Error):
        error = error.__cause__ or error.__context__
    return error if isinstance(error, psycopg.Error) else None


def error_reason(error: BaseException, otherwise: str) -> str:
    """Return PostgreSQL's message and detail, or `otherwise` if the error is not PostgreSQL's."""
    if cause := driver_error(error):
        detail = "; ".join((cause.diag.message_detail or "").splitlines())
        parts = [cause.diag.message_primary or str(cause), detail]
        otherwise = ": ".join(part.rstrip(".") for part in parts if part)
    return " ".join(otherwise.split()).rstrip(".")


def is_lost(error: BaseException) -> bool:
    """Return whether the session was lost, so that the outcome of its statement is unknown."""
    cause = driver_error(error)
    if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError) and not cause.sqlstate:
        return True  # there was no answer
    return isinstance(cause, tuple(ENDED))


def is_node_down(error: BaseException) -> bool:
    """Return whether the server of the session could not reach another one of its cluster."""
    return isinstance(driver_error(error), errors.ConnectionFailure)


def is_server_lost(error: BaseException) -> bool:
    """Return whether the server, or another one of its cluster, can no longer be reached."""
    return is_lost(error) or is_node_down(error)
