"""Context managers that guard a run of migrate or rollback, and explain its failures."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import RunPython

from config.console import (
    check_takes_changes,
    driver_error,
    explain,
    explain_operation,
    explained_interruption,
    failed_operation,
    is_lost,
    is_node_down,
    is_output_error,
)
from config.migrating.lock_waits import LOCK_ERRORS, LockWaits, brief_lock_waits
from config.migrating.migration_lock import hold_migration_lock
from config.migrating.progress import Progress
from config.migrating.unfit_rows import ROW_ERRORS, explained_unfit_rows
from config.postgres.backend import autocommit_on


@contextmanager
def guarded_run(
    connection: BaseDatabaseWrapper, progress: Progress, say: Callable[[str], None]
) -> Iterator[LockWaits]:
    """Hold the migration lock, limit the waits for locks, and explain failures.

    After Ctrl-C, raise KeyboardInterrupt with the state of the database.
    Raise CommandError if the connection is lost or PostgreSQL refuses rows.
    """
    with explained_interruption(lambda: progress.after_interruption(connection)):
        _check_not_nested(connection, progress)
        check_takes_changes(connection)
        with (
            hold_migration_lock(connection, progress, say) as lock,
            _explained_loss(connection, progress),
            autocommit_on(connection),
            brief_lock_waits(lock, say) as waits,
            explained_unfit_rows(connection, progress),
        ):
            yield waits


def _check_not_nested(connection: BaseDatabaseWrapper, progress: Progress) -> None:
    """Raise CommandError if the code of a migration starts another migrate or rollback."""
    for wrapper in connection.execute_wrappers:
        if isinstance(wrapper, LockWaits):
            raise CommandError(
                f"{progress.command} cannot run within {wrapper.progress.command}, because the "
                "inner run would wait for the outer one. Remove the call; if the migration needs "
                "another one, add it to the dependencies."
            )


@contextmanager
def explained_operations(progress: Progress) -> Iterator[None]:
    """Raise CommandError with the failed operation, its migration and the next step.

    Leave errors unchanged that guarded_run() or LockWaits.retry() handle.
    """
    try:
        yield
    except CommandError as error:
        if not (failed := _failed_code(error)):
            raise
        reason = " ".join(str(error).split()).rstrip(".")
        raise CommandError(
            f"{failed}: {reason}. {progress.standing}", returncode=error.returncode
        ) from error
    except Exception as error:
        handled = isinstance(driver_error(error), (*LOCK_ERRORS, *ROW_ERRORS))
        if handled or is_output_error(error):
            raise
        if message := explain_operation(error, progress.standing):
            raise CommandError(message) from error
        raise


def _failed_code(error: CommandError) -> str:
    """Return the RunPython operation that raised the error, or '' for other operations.

    Return '' also if the error already names the migration.
    """
    failed = failed_operation(error)
    if not failed or str(failed.migration) in str(error):
        return ""
    return str(failed) if isinstance(failed.operation, RunPython) else ""


@contextmanager
def _explained_loss(connection: BaseDatabaseWrapper, progress: Progress) -> Iterator[None]:
    """Raise CommandError with the state of the database if a server or the output is lost."""
    try:
        yield
    except (Error, OSError) as error:
        if is_lost(error):
            standing = progress.after_interruption(connection)
        elif is_output_error(error) or is_node_down(error):
            standing = f"{progress.standing} Run {progress.again} again to continue."
        else:
            raise
        raise CommandError(f"{explain(error)} {standing}") from error


@contextmanager
def all_undone() -> Iterator[None]:
    """Add to the message of a CommandError that the whole transaction is undone."""
    try:
        yield
    except CommandError as error:
        raise CommandError(f"{error} Everything shown as OK is undone.") from error
