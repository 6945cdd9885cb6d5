"""The execution of a rollback: lock, back up, unapply and check in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.management.base import CommandError
from django.core.management.sql import emit_post_migrate_signal
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.migrating import (
    LockWaits,
    Progress,
    all_undone,
    check_labels,
    check_reversible,
    explained_operations,
    guarded_run,
    migrating,
)
from config.postgres import every_row
from config.rollback.dropped_objects import Dropped
from config.rollback.inventory import describe_objects
from config.rollback.losses import Losses, read_losses
from config.rollback.rollback_plan import Rollback
from config.rollback.row_changes import RowWatch
from config.rollback.sequence_numbers import make_sequences_transactional
from config.rollback.table_locks import (
    BLOCK_ALL,
    BLOCK_WRITERS,
    lock_tables,
)
from config.rollback.unapplying import check_unchanged, remove_leftovers, unapply
from config.rollback.vanished_objects import VanishedObjects


@dataclass(frozen=True)
class Job:
    """A rehearsed rollback of the connection's database."""

    connection: BaseDatabaseWrapper
    rollback: Rollback
    dropped: Dropped


def check(connection: BaseDatabaseWrapper, rollback: Rollback) -> None:
    """Refuse irreversible and non-atomic migrations, and the removal of enum labels in use."""
    check_reversible(rollback.plan, in_one_transaction=True)
    check_labels(connection, rollback.plan)


def carry_out(job: Job, back_up: Callable[[], object] | None, say: Callable[[str], None]) -> Losses:
    """Carry out the rollback completely or not at all, and return the destroyed rows.

    Call `back_up`, if given, before any change. After a lock timeout, start again from the locks.
    Raise CommandError, django.db.Error, or KeyboardInterrupt with the state of the database.
    """
    progress = Progress("rollback", unapplies=True)
    with guarded_run(job.connection, progress, say) as waits:

        def attempt() -> Losses:
            with waits.lock.transaction(), every_row(job.connection):
                return _carry_out(job, back_up, say, waits)

        return waits.retry(attempt)


def _carry_out(
    job: Job, back_up: Callable[[], object] | None, say: Callable[[str], None], waits: LockWaits
) -> Losses:
    """Carry out the rollback in the current transaction.

    Block writers before the backup and until the commit, so that the backup contains every row.
    """
    connection, dropped = job.connection, job.dropped
    lock_tables(connection, dropped.written, BLOCK_WRITERS)
    check_unchanged(connection, job.rollback)
    check(connection, job.rollback)
    losses = read_losses(connection, dropped)
    altered = {*dropped.written, *dropped.locked}
    if back_up:
        with transaction.atomic(using=connection.alias):
            # A backup takes long, so check first that PostgreSQL can grant all locks.
            lock_tables(connection, altered, BLOCK_ALL)
            make_sequences_transactional(connection, job.rollback)
            transaction.set_rollback(True, using=connection.alias)
        back_up()
    lock_tables(connection, altered, BLOCK_ALL)
    with all_undone(), explained_operations(waits.progress):
        migrating.send(carry_out, waits=waits)
        _unapply_as_shown(job, say)
    return losses


def _unapply_as_shown(job: Job, say: Callable[[str], None]) -> None:
    """Unapply the plan. Raise CommandError if the rehearsal has not shown all changes."""
    connection, rollback, dropped = job.connection, job.rollback, job.dropped
    make_sequences_transactional(connection, rollback)
    trace, rows = VanishedObjects(connection), RowWatch(connection)
    with transaction.atomic(using=connection.alias):
        unapply(connection, rollback, say=say)
        remove_leftovers(connection, rollback)
        trace.finish()
        rows.finish(trace.locked)
        is_as_shown = trace.vanished <= dropped.vanished and rows.tables <= dropped.rows.tables
        if not is_as_shown:
            transaction.set_rollback(True, using=connection.alias)
    if not is_as_shown:
        raise _not_shown(dropped, trace, rows)
    emit_post_migrate_signal(
        verbosity=0,
        interactive=False,
        db=connection.alias,
        apps=rollback.after.apps,
        plan=rollback.plan,
    )


def _not_shown(dropped: Dropped, trace: VanishedObjects, rows: RowWatch) -> CommandError:
    """Return the error that names the unexpected changes, after their rollback."""
    tables = rows.names(rows.tables - dropped.rows.tables).values()
    objects = describe_objects(trace.connection, trace.vanished - dropped.vanished)
    more = [
        *(item.described for item in objects),
        *(f"rows of {name}" for name in dict.fromkeys(tables)),
    ]
    return CommandError(
        f"The rollback would now also remove {', '.join(more)}, which its plan did not show. "
        "Nothing was changed. Run rollback again, and read the new plan."
    )
