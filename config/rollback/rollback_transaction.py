"""A rollback as it is carried out: locked, backed up, unapplied and checked in one transaction."""

from collections.abc import Callable, Iterable
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
    guarded_run,
    migrating,
)
from config.postgres import every_row
from config.rollback.dropped_objects import Dropped
from config.rollback.inventory import describe
from config.rollback.losses import Losses, read_losses
from config.rollback.remains import check_nothing_left
from config.rollback.rollback_plan import Rollback
from config.rollback.row_changes import RowWatch
from config.rollback.sequence_numbers import make_undoable, try_to_make_undoable
from config.rollback.table_locks import (
    BLOCK_ALL,
    BLOCK_WRITERS,
    lock_tables,
    try_to_lock_tables,
)
from config.rollback.trace import Trace
from config.rollback.unapplying import check_unchanged, remove_leftover_records, unapply

type Say = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """A rollback of the database behind `connection`."""

    connection: BaseDatabaseWrapper
    rollback: Rollback
    dropped: Dropped


def check(connection: BaseDatabaseWrapper, rollback: Rollback) -> None:
    """Raise CommandError if the rollback could not run to its end, as far as its plan tells."""
    check_reversible(rollback.plan, in_one_transaction=True)
    check_labels(connection, rollback.plan)


def carry_out(job: Job, back_up: Callable[[], object] | None, say: Say) -> Losses:
    """Carry out the whole rollback or nothing of it, and return what it destroyed.

    Unless it is None, `back_up` is called before; again, if locks force another attempt.
    Raise CommandError, django.db.Error, or KeyboardInterrupt that tells how the database stands.
    """
    progress = Progress("rollback", unapplies=job.rollback.nodes)
    with guarded_run(job.connection, progress, say) as waits:

        def attempt() -> Losses:
            with waits.lock.transaction(), every_row(job.connection):
                return _carry_out(job, back_up, say, waits)

        return waits.retry(attempt)


def _carry_out(
    job: Job, back_up: Callable[[], object] | None, say: Say, waits: LockWaits
) -> Losses:
    """Carry it out within one transaction.

    Writers are blocked from before the backup until the commit, so that the backup has every row.
    """
    connection, dropped = job.connection, job.dropped
    lock_tables(connection, dropped.written, BLOCK_WRITERS)
    check_unchanged(connection, job.rollback)
    check(connection, job.rollback)
    losses = read_losses(connection, dropped)
    altered = {*dropped.written, *dropped.locked}
    if back_up:
        # A backup can take long, and would be in vain if another session kept its locks.
        try_to_lock_tables(connection, altered, BLOCK_ALL)
        try_to_make_undoable(connection, job.rollback)
        back_up()
    lock_tables(connection, altered, BLOCK_ALL)
    with all_undone():
        migrating.send(carry_out, waits=waits)
        _unapply_as_agreed(job, say)
    return losses


def _unapply_as_agreed(job: Job, say: Say) -> None:
    """Unapply the plan. Raise CommandError if something goes that the plan did not show."""
    connection, rollback = job.connection, job.rollback
    make_undoable(connection, rollback)
    with connection.cursor() as cursor:
        trace, rows = Trace(connection), RowWatch(cursor)
        with transaction.atomic(using=connection.alias):
            unapply(connection, rollback, trace, say)
            remove_leftover_records(connection, rollback)
            check_nothing_left(connection, rollback)
            trace.finish()
            rows.finish()
            is_agreed = _is_agreed(job.dropped, trace, rows)
            if not is_agreed:
                transaction.set_rollback(True, using=connection.alias)
        if not is_agreed:
            raise _not_shown(job.dropped, trace, rows)
    emit_post_migrate_signal(
        verbosity=0,
        interactive=False,
        db=connection.alias,
        apps=rollback.after.apps,
        plan=rollback.plan,
    )


def _is_agreed(dropped: Dropped, trace: Trace, rows: RowWatch) -> bool:
    return trace.vanished <= dropped.vanished and rows.tables <= dropped.rows.tables


def _tables_not_shown(dropped: Dropped, rows: RowWatch) -> Iterable[str]:
    return rows.names(rows.tables - dropped.rows.tables).values()


def _not_shown(dropped: Dropped, trace: Trace, rows: RowWatch) -> CommandError:
    """Return the error that names what would go as well, now that it is there again."""
    more = [
        *(obj.described for obj in describe(rows.cursor, trace.vanished - dropped.vanished)),
        *(f"rows of {name}" for name in dict.fromkeys(_tables_not_shown(dropped, rows))),
    ]
    return CommandError(
        f"Something would go now that was not shown: {', '.join(more)}. Nothing was changed. Run "
        "rollback again, and read the new plan."
    )
