"""The rehearsal of a rollback: the same in a transaction that is undone, to see what would go."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from django.core.management.base import CommandError
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.migrations import Migration

from config.migrating import LockWaits, Progress, guarded_run, migrating
from config.postgres import every_row
from config.postgres.catalog import Obstacle
from config.rollback.dropped_objects import Dropped, UndoneMigration, UndoneOperation
from config.rollback.inventory import describe, read_object_names
from config.rollback.rehearsal_editor import DropRecord, RehearsalEditor
from config.rollback.remains import check_nothing_left
from config.rollback.rollback_plan import Rollback
from config.rollback.row_changes import RowWatch
from config.rollback.sequence_numbers import make_undoable
from config.rollback.trace import Trace
from config.rollback.unapplying import check_unchanged, remove_leftover_records, unapply


def rehearse(
    connection: BaseDatabaseWrapper, rollback: Rollback, say: Callable[[str], None]
) -> Dropped:
    """Unapply the plan, ask the catalog what has vanished, and undo all of it.

    Raise CommandError if the rollback could not run to its end, or if objects are in its way.
    """
    with guarded_run(connection, Progress("rollback", unapplies=rollback.nodes), say) as waits:
        return waits.retry(partial(_rehearse, waits, rollback))


def _rehearse(waits: LockWaits, rollback: Rollback) -> Dropped:
    connection = waits.connection
    with every_row(connection), connection.cursor() as cursor:
        check_unchanged(connection, rollback)
        rows, record = RowWatch(cursor), DropRecord()
        failure = ""
        try:
            with _rolled_back(connection, record):
                migrating.send(rehearse, waits=waits)
                make_undoable(connection, rollback)
                trace = Trace(connection)
                _unapply_and_observe(connection, rollback, trace, rows)
        except CommandError as error:
            failure = str(error)
            if not record.obstacles:
                raise
        if obstacles := record.described(connection):
            raise CommandError(_refusal_message(rollback, obstacles, failure))
        return _read_dropped(cursor, rollback, trace, rows)


@contextmanager
def _rolled_back(connection: BaseDatabaseWrapper, record: DropRecord) -> Iterator[None]:
    """Undo everything at the end of the block, in which each DROP notes what is in its way."""
    connection.SchemaEditorClass = partial(RehearsalEditor, record)  # type: ignore[assignment]
    try:
        with transaction.atomic(using=connection.alias):
            yield
            transaction.set_rollback(True, using=connection.alias)
    finally:
        del connection.SchemaEditorClass


def _unapply_and_observe(
    connection: BaseDatabaseWrapper, rollback: Rollback, trace: Trace, rows: RowWatch
) -> None:
    """Do what a rollback does, and note what it changes.

    Receivers of post_migrate do not run: they add rows, and so would draw numbers from sequences,
    which the end of the transaction gives back only if code runs.
    """
    unapply(connection, rollback, trace)
    rows.note_code()
    remove_leftover_records(connection, rollback)
    check_nothing_left(connection, rollback)
    trace.finish()
    rows.finish()
    rows.note_rewritten()


def _refusal_message(rollback: Rollback, obstacles: list[Obstacle], failure: str) -> str:
    count = len(obstacles)
    depend = "object depends" if count == 1 else "objects depend"
    message = (
        f"Cannot roll back {rollback.what}: {count} {depend} on it that none of its migrations "
        f"drops before: {', '.join(map(str, obstacles))}. Nothing was changed. Drop what is in the "
        "way, or have its owner do it, and run rollback again."
    )
    return f"{message} When it is dropped: {failure}" if failure else message


def _read_dropped(
    cursor: CursorWrapper, rollback: Rollback, trace: Trace, rows: RowWatch
) -> Dropped:
    """Return what was lost, now that it is there again."""
    objects = describe(cursor, trace.vanished, trace.made_again)
    operations: dict[Migration, list[UndoneOperation]] = {m: [] for m in rollback.migrations}
    for traced in trace.operations:
        dropped = [obj for obj in objects if obj.address in traced.vanished]
        operations[traced.migration].append(UndoneOperation(traced.operation, dropped))
    migrations = [UndoneMigration(*item) for item in operations.items()]
    return Dropped(
        migrations,
        objects,
        trace.vanished,
        trace.altered,
        trace.unbacked,
        {*trace.names} - {*read_object_names(cursor, trace.before)},
        trace.locked,
        rows.describe(),
    )
