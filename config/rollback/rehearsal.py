"""The rehearsal of a rollback in a transaction that is rolled back, to see its changes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from django.core.management.base import CommandError
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration

from config.migrating import LockWaits, Progress, explained_operations, guarded_run, migrating
from config.postgres import every_row
from config.postgres.catalog import Obstacle
from config.rollback.dropped_objects import Dropped, UndoneMigration, UndoneOperation
from config.rollback.inventory import describe_objects, read_inventory, read_object_names
from config.rollback.rehearsal_editor import DropRecord, RehearsalEditor
from config.rollback.rollback_plan import Rollback
from config.rollback.row_changes import RowWatch
from config.rollback.sequence_numbers import make_sequences_transactional
from config.rollback.unapplying import check_unchanged, remove_leftovers, unapply
from config.rollback.vanished_objects import Trace


def rehearse(
    connection: BaseDatabaseWrapper, rollback: Rollback, say: Callable[[str], None]
) -> Dropped:
    """Unapply the plan, find what has vanished from the catalog, and roll everything back.

    Raise CommandError if an operation fails, or if other objects depend on the removed objects.
    """
    with guarded_run(connection, Progress("rollback", unapplies=True), say) as waits:
        return waits.retry(partial(_rehearse, waits, rollback))


def _rehearse(waits: LockWaits, rollback: Rollback) -> Dropped:
    connection = waits.connection
    with every_row(connection):
        check_unchanged(connection, rollback)
        rows, record = RowWatch(connection), DropRecord()
        failure = ""
        try:
            with _rolled_back(connection, record), explained_operations(waits.progress):
                migrating.send(rehearse, waits=waits)
                make_sequences_transactional(connection, rollback)
                trace = Trace(connection)
                _unapply_and_observe(connection, rollback, trace, rows)
        except CommandError as error:
            failure = str(error)
            if not record.obstacles:
                raise
        if obstacles := record.read_obstacles(connection):
            raise CommandError(_refusal_message(rollback, obstacles, failure))
        return _read_dropped(rollback, trace, rows)


@contextmanager
def _rolled_back(connection: BaseDatabaseWrapper, record: DropRecord) -> Iterator[None]:
    """Note the obstacles to each DROP in the block, and roll everything back at its end."""
    # Django calls SchemaEditorClass, so a partial function is enough.
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
    """Unapply the migrations as the rollback does, and note the changes.

    Receivers of post_migrate do not run, because the rows that they add use up sequence numbers.
    The rehearsal restores sequence numbers only if a migration runs code.
    """
    unapply(connection, rollback, note=trace.note)
    rows.note_code()
    remove_leftovers(connection, rollback)
    trace.finish()
    rows.finish(trace.locked)
    rows.note_rewritten()


def _refusal_message(rollback: Rollback, obstacles: list[Obstacle], failure: str) -> str:
    count = len(obstacles)
    depends = "object that depends" if count == 1 else "objects that depend"
    message = (
        f"Cannot roll back {rollback.scope}: its migrations do not drop {count} {depends} on it: "
        f"{', '.join(map(str, obstacles))}. Nothing was changed. Drop the dependent objects, or "
        "ask their owner to, and run rollback again."
    )
    return f"{message} Without them, another error remains: {failure}" if failure else message


def _read_dropped(rollback: Rollback, trace: Trace, rows: RowWatch) -> Dropped:
    """Describe the removed objects and changed rows, after the rehearsal has been rolled back."""
    objects = describe_objects(trace.connection, trace.vanished, trace.new_identities)
    operations: dict[Migration, list[UndoneOperation]] = {m: [] for m in rollback.migrations}
    for traced in trace.operations:
        dropped = [obj for obj in objects if obj.address in traced.vanished]
        operations[traced.migration].append(UndoneOperation(traced.operation, dropped))
    migrations = [UndoneMigration(*item) for item in operations.items()]
    # Other sessions may have created objects during the rehearsal. They still exist.
    existing = read_object_names(trace.connection, read_inventory(trace.connection))
    return Dropped(
        migrations,
        objects,
        trace.vanished,
        trace.altered,
        trace.unbacked,
        {*trace.names} - {*existing},
        trace.locked,
        rows.read_changes(),
    )
