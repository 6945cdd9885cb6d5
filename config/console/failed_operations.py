"""Messages that name the operation of a migration in which an error was raised."""

import traceback
from typing import NamedTuple, TypeGuard

import psycopg
from django.db.migrations import Migration, state
from django.db.migrations.operations.base import Operation
from psycopg import errors

from config.console.driver_errors import driver_error, error_reason, is_server_lost
from config.console.next_steps import next_step

ACTIONS = {
    "apply_migration": "apply",
    "unapply_migration": "unapply",
    "unapply": "unapply",
    "state_forwards": "read",
    "database_forwards": "apply",
    "database_backwards": "unapply",
}
"""The verb of the message, by the name of the function or method that was running."""
PENDING_CHECKS = "Move the code that writes rows of the table into a separate migration."
CORRECT_UNDOING = "Correct it; --traceback shows the code."
CORRECT = (
    "Correct it, or add a dependency on the migration that makes what it needs; --traceback "
    "shows the code."
)
EXPECTED_OBJECTS = "Correct the operation, or the objects in the database that it expects."


class FailedOperation(NamedTuple):
    """An operation that raised an error, and the verb for what was done with its migration."""

    migration: Migration
    operation: Operation | None
    """None for an error of SQL that was deferred to the end of the migration."""
    action: str

    def __str__(self) -> str:
        subject = f"Cannot {self.action} {self.migration}"
        if not self.operation:
            return subject
        undoing = "undoing " if self.action == "unapply" else ""
        return f"{subject}: {undoing}{self.operation.describe()!r} fails"


def failed_operation(error: BaseException) -> FailedOperation | None:
    """Return the innermost operation that raised `error`, or None."""
    migration = operation = None
    failed: FailedOperation | None = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        for value in (frame.f_locals.get("self"), frame.f_locals.get("migration")):
            migration = value if isinstance(value, Migration) else migration
            operation = value if isinstance(value, Operation) else operation
        if migration and (action := ACTIONS.get(frame.f_code.co_name)):
            failed = FailedOperation(migration, operation, action)
    return failed


def explain_operation(error: BaseException, standing: str = "", action: str = "") -> str | None:
    """Return the operation that failed, the reason, `standing` and the next step.

    `standing` is the state of the database after the error. `action` is the verb of the message;
    without it, the traceback gives the verb.
    Return None if no operation failed, or if a server cannot be reached.
    """
    failed = failed_operation(error)
    if failed and action:
        failed = failed._replace(action=action)
    if not failed or is_server_lost(error):
        return None
    if not failed.operation and not driver_error(error):
        return None
    reason = error_reason(error, _python_reason(error, failed))
    step = _step_after(driver_error(error), reason, failed)
    return " ".join(filter(None, [f"{failed}: {reason}.", standing, step]))


def _step_after(cause: psycopg.Error | None, reason: str, failed: FailedOperation) -> str:
    if not cause:
        return CORRECT_UNDOING if failed.action == "unapply" else CORRECT
    if isinstance(cause, errors.ObjectInUse):  # deferred constraints of written rows are pending
        return PENDING_CHECKS
    sql = "reverse_sql" if failed.action == "unapply" else "sql"
    return next_step(reason, cause, str(getattr(failed.operation, sql, ""))) or EXPECTED_OBJECTS


def _python_reason(error: BaseException, failed: FailedOperation) -> str:
    """Return the name and the first line of an error, or what a state lacks."""
    if failed.action != "read" or not _is_lookup_in_state(error):
        line, *_ = [*filter(str.strip, str(error).splitlines()), ""]
        return f"{type(error).__name__}: {line}".rstrip(" .:")
    [key] = error.args
    missing = f"model {'.'.join(key)}" if isinstance(key, tuple) else f"field {key}"
    return f"the migrations before it make no {missing}"


def _is_lookup_in_state(error: BaseException) -> TypeGuard[KeyError]:
    """Return whether Django itself, not the code of an operation, missed a model or field."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return isinstance(error, KeyError) and frame.f_globals["__name__"] == state.__name__
