"""The errors of psycopg that cause Django's database errors."""

import psycopg
from django.db import Error
from psycopg import errors

from config.console.next_steps import ENDED


def driver_error(error: BaseException | None) -> psycopg.Error | None:
    """Return the error of psycopg that caused `error`, or None."""
    while isinstance(error, Error):
        error = error.__cause__ or error.__context__
    return error if isinstance(error, psycopg.Error) else None


def error_reason(error: BaseException, otherwise: str) -> str:
    """Return the message and detail of psycopg's error, or `otherwise` for another error."""
    reason = otherwise
    if cause := driver_error(error):
        detail = "; ".join((cause.diag.message_detail or "").splitlines())
        parts = [cause.diag.message_primary or str(cause), detail]
        reason = ": ".join(part.rstrip(".") for part in parts if part)
    return " ".join(reason.split()).rstrip(".")


def is_lost(error: BaseException) -> bool:
    """Return whether the session was lost, so that the outcome of its statement is unknown."""
    cause = driver_error(error)
    if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError) and not cause.sqlstate:
        return True  # the server did not answer
    return isinstance(cause, tuple(ENDED))


def is_node_down(error: BaseException) -> bool:
    """Return whether the server could not reach another server of its Citus cluster."""
    return isinstance(driver_error(error), errors.ConnectionFailure)


def is_server_lost(error: BaseException) -> bool:
    """Return whether the server or another server of its cluster cannot be reached."""
    return is_lost(error) or is_node_down(error)
