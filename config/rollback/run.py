"""Carry a rollback out: locked, backed up, unapplied and verified in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from config.console import orderly_termination
from config.migrating import (
    Progress,
    all_undone,
    autocommit,
    check_labels,
    check_reversible,
    forget_models,
    hold_migration_lock,
)
from config.postgres.enums import running
from config.rollback.leftovers import check_nothing_left, read_sequences
from config.rollback.locks import STOP_ALL, STOP_WRITERS, lock_tables, tables_to_lock
from config.rollback.objects import LEDGER, Gone
from config.rollback.others import check_others
from config.rollback.plan import Rollback
from config.rollback.size import Sizes, check_exist, read_sizes

type Say = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """A rollback of the database behind `connection`."""

    connection: BaseDatabaseWrapper
    rollback: Rollback
    gone: Gone


def check(job: Job) -> None:
    """Raises CommandError if the rollback could not run to its end. Changes nothing."""
    check_reversible(job.rollback.plan)
    check_labels(job.connection, job.rollback.plan)
    for migration in job.rollback.migrations:
        if not migration.atomic:
            raise CommandError(
                f"Cannot roll back {migration}: it is not atomic, and a rollback is one "
                "transaction. Nothing was changed. Unapply it by itself with manage.py migrate."
            )
    check_exist(job.connection, job.gone)
    check_others(job.connection, job.rollback, job.gone)


def carry_out(job: Job, back_up: Callable[[], None], say: Say) -> Sizes:
    """Do it, after `back_up` was called; return what was destroyed. All or nothing.

    Raises CommandError, django.db.Error, or KeyboardInterrupt that says how it left things.
    """
    connection, progress = job.connection, Progress(is_one_transaction=True)
    try:
        with (
            orderly_termination(),
            hold_migration_lock(connection, progress, say) as lock,
            autocommit(connection),
            lock.transaction(),
        ):
            return _carry_out(job, back_up, say)
    except KeyboardInterrupt as interruption:
        raise type(interruption)(f"interrupted. {_standing(job)}") from interruption


def _carry_out(job: Job, back_up: Callable[[], None], say: Say) -> Sizes:
    """From before the backup until the end nobody can write to what goes: it has the last rows."""
    connection = job.connection
    own = {LEDGER, *job.gone.tables, *(part.table for part in job.gone.columns)}
    lock_tables(connection, own, STOP_WRITERS, say)
    _check_unchanged(job)
    check(job)
    sizes = read_sizes(connection, job.gone, job.rollback.after.apps)
    sequences = read_sequences(connection, job.gone)
    back_up()
    lock_tables(connection, tables_to_lock(connection, job.gone), STOP_ALL, say)
    with all_undone():
        _unapply(job, say)
    check_nothing_left(connection, job.rollback, job.gone, sequences)
    return sizes


def _standing(job: Job) -> str:
    """How things are after an interruption, which may have come while the server committed."""
    job.connection.close()  # a statement may still be under way
    try:
        applied = MigrationRecorder(job.connection).applied_migrations()
    except Error:
        return "Whether the rollback was committed could not be seen."
    is_done = not set(job.rollback.nodes) & set(applied)
    return "The rollback is done." if is_done else "Nothing was changed."


def _check_unchanged(job: Job) -> None:
    """The plan was made before the lock on the ledger was there."""
    if set(MigrationRecorder(job.connection).applied_migrations()) != job.rollback.applied:
        raise CommandError(
            "Somebody has migrated since the plan was made. Nothing was changed. Run rollback "
            "again, and look at the new plan."
        )


def _unapply(job: Job, say: Say) -> None:
    """As `migrate` does it, for several targets at once."""
    connection, rollback = job.connection, job.rollback

    def progress(action: str, migration: Any = None, fake: bool | None = False) -> None:
        if action == "unapply_success":
            # The next migration may alter what this one wrote to, which PostgreSQL refuses as
            # long as deferred constraints are still to be looked at.
            connection.check_constraints()
            say(f"  Unapplying {migration}... OK")

    signal: dict[str, Any] = {"verbosity": 0, "interactive": False, "db": connection.alias}
    signal["plan"] = list(rollback.plan)
    emit_pre_migrate_signal(apps=rollback.before.apps, **signal)
    executor = MigrationExecutor(connection, progress)
    with running(rollback.plan):
        executor.migrate([], plan=signal["plan"])
    emit_post_migrate_signal(apps=rollback.after.apps, **signal)
    forget_models(job.gone.names_in_the_end, rollback.after.apps, connection.alias)
    if rollback.empties_ledger:
        with connection.schema_editor() as editor:
            editor.delete_model(MigrationRecorder.Migration)
