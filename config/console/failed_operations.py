"""Messages that name the operation of a migration that raised an error."""

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
    "Correct it, or add a dependency on the migration that it needs; --traceback shows the code."
)
EXPECTED_OBJECTS = "Correct the operation, or the objects in the database that it expects."


class FailedOperation(NamedTuple):
    """An operation that raised an error while its migration was applied, unapplied or read."""

    migration: Migration
    operation: Operation | None
    """None if SQL that was deferred to the end of the migration failed."""
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
    """Return a message with the operation that failed, the reason, `standing` and the next step.

    `standing` is the state of the database after the error. `action` is the verb of the message. By
    default, the verb follows from the traceback.
    Return None if no operation failed, or if a server cannot be reached.
    """
    failed = failed_operation(error)
    if not failed or is_server_lost(error) or not (failed.operation or driver_error(error)):
        return None
    if action:
        failed = failed._replace(action=action)
    reason = error_reason(error, _python_reason(error, failed))
    step = _step_after(driver_error(error), reason, failed)
    return " ".join(filter(None, [f"{failed}: {reason}.", standing, step]))


def _step_after(cause: psycopg.Error | None, reason: str, failed: FailedOperation) -> str:
    if not cause:
        return CORRECT_UNDOING if failed.action == "unapply" else CORRECT
    if isinstance(cause, errors.ObjectInUse):  # checks of deferred constraints are pending
        return PENDING_CHECKS
    sql = "reverse_sql" if failed.action == "unapply" else "sql"
    return next_step(reason, cause, str(getattr(failed.operation, sql, ""))) or EXPECTED_OBJECTS


def _python_reason(error: BaseException, failed: FailedOperation) -> str:
    """Return the name and first line of the error, or the model or field that a state lacks."""
    if failed.action != "read" or not _is_lookup_in_state(error):
        line, *_ = [*filter(str.strip, str(error).splitlines()), ""]
        return f"{type(error).__name__}: {line}".rstrip(" .:")
    [key] = error.args
    missing = f"model {'.'.join(key)}" if isinstance(key, tuple) else f"field {key}"
    return f"no migration before it creates {missing}"


def _is_lookup_in_state(error: BaseException) -> TypeGuard[KeyError]:
    """Return whether Django's module for states, and not an operation, raised the KeyError."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return isinstance(error, KeyError) and frame.f_globals["__name__"] == state.__name__
