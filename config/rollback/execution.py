"""A rollback as it is carried out: locked, backed up, unapplied and checked in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from config.migrating import (
    Progress,
    all_undone,
    check_labels,
    check_reversible,
    forget_models,
    guarded_run,
    removed_models,
)
from config.postgres.enums import running
from config.rollback.dropped_objects import Dropped
from config.rollback.existing_objects import check_exist, check_nothing_left
from config.rollback.losses import Losses, read_losses
from config.rollback.obstacles import check_obstacles
from config.rollback.plan import Rollback
from config.rollback.table_locks import (
    BLOCK_ALL,
    BLOCK_WRITERS,
    altered_tables,
    lock_tables,
    try_to_lock_tables,
    written_tables,
)

type Say = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """A rollback of the database behind `connection`."""

    connection: BaseDatabaseWrapper
    rollback: Rollback
    dropped: Dropped


def check(job: Job) -> None:
    """Raise CommandError if the rollback could not run to its end. Changes nothing."""
    check_reversible(job.rollback.plan, in_one_transaction=True)
    check_labels(job.connection, job.rollback.plan)
    check_exist(job.connection, job.dropped)
    check_obstacles(job.connection, job.rollback, job.dropped)


def carry_out(job: Job, back_up: Callable[[], object] | None, say: Say) -> Losses:
    """Carry out the whole rollback or nothing of it, and return what it destroyed.

    Unless it is None, `back_up` is called before; again, if locks force another attempt.
    Raise CommandError, django.db.Error, or KeyboardInterrupt that tells how the database stands.
    """
    progress = Progress("rollback", unapplies=job.rollback.nodes)
    with guarded_run(job.connection, progress, say) as waits:

        def attempt() -> Losses:
            with waits.lock.transaction():
                return _carry_out(job, back_up, say)

        return waits.retry(attempt)


def _carry_out(job: Job, back_up: Callable[[], object] | None, say: Say) -> Losses:
    """Carry it out within one transaction.

    Writers are blocked from before the backup until the commit, so that the backup has every row.
    """
    connection, dropped = job.connection, job.dropped
    lock_tables(connection, written_tables(dropped), BLOCK_WRITERS)
    _check_unchanged(job)
    check(job)
    losses = read_losses(connection, job.rollback, dropped)
    altered = altered_tables(connection, dropped)
    if back_up:
        # A backup can take long, and would be in vain if another session kept its locks.
        try_to_lock_tables(connection, altered, BLOCK_ALL)
        back_up()
    lock_tables(connection, altered, BLOCK_ALL)
    with all_undone():
        _unapply(job, say)
    check_nothing_left(connection, job.rollback, dropped)
    return losses


def _check_unchanged(job: Job) -> None:
    """Raise CommandError if migrations were applied before the ledger was locked."""
    if set(MigrationRecorder(job.connection).applied_migrations()) != job.rollback.applied:
        raise CommandError(
            "Another process has migrated since the plan was made. Nothing was changed. Run "
            "rollback again, and read the new plan."
        )


def _unapply(job: Job, say: Say) -> None:
    """Unapply the migrations as `migrate` does, but for several targets at once."""
    connection, rollback = job.connection, job.rollback

    def progress(action: str, migration: Any = None, fake: bool | None = False) -> None:
        if action == "unapply_success":
            # The next migration may alter a table that this one wrote to. PostgreSQL refuses that
            # while deferred constraints are still to be checked.
            connection.check_constraints()
            say(f"  Unapplying {migration}... OK")

    plan, before, after = list(rollback.plan), rollback.before.apps, rollback.after.apps
    signal: dict[str, Any] = {"verbosity": 0, "interactive": False, "db": connection.alias}
    emit_pre_migrate_signal(apps=before, plan=plan, **signal)
    with running(plan):
        MigrationExecutor(connection, progress).migrate([], plan=plan)
    emit_post_migrate_signal(apps=after, plan=plan, **signal)
    forget_models(removed_models(before, plan, after), after, connection.alias)
    if rollback.empties_ledger:
        with connection.schema_editor() as editor:
            editor.delete_model(MigrationRecorder.Migration)
