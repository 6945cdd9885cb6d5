"""Functions that unapply the migrations of a rollback, in the caller's transaction."""

from collections.abc import Callable, Sequence
from copy import copy

from django.core.management.base import CommandError
from django.core.management.sql import emit_pre_migrate_signal
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.recorder import MigrationRecorder

from config.migrating import forget_models, names_kept, removed_models
from config.postgres.enums import (
    EnumOperation,
    database_operations,
    enum_types,
    find_enum,
    running,
)
from config.rollback.rollback_plan import Rollback


def check_unchanged(connection: BaseDatabaseWrapper, rollback: Rollback) -> None:
    """Raise CommandError if migrations were applied or unapplied since the plan was made."""
    if set(MigrationRecorder(connection).applied_migrations()) != rollback.applied:
        raise CommandError(
            "Another process has migrated since the plan was made. Nothing was changed. Run "
            "rollback again, and read the new plan."
        )


def unapply(
    connection: BaseDatabaseWrapper,
    rollback: Rollback,
    *,
    note: Callable[[Migration, Operation], None] = lambda migration, operation: None,
    say: Callable[[str], None] = lambda line: None,
) -> None:
    """Unapply the migrations as `migrate` does, and call `note` for each of their operations."""
    plan = _with_added_operations(connection, rollback)
    executor = MigrationExecutor(connection)
    steps = rollback.states.changes([*reversed(plan)])
    with running(rollback.plan), names_kept(rollback.plan):
        for migration, changes in zip(rollback.migrations, reversed(steps), strict=True):
            own = {*migration.operations, *database_operations(migration.operations)}
            with connection.schema_editor() as editor:
                for change in reversed(changes):
                    change.undo(migration.app_label, editor)
                    rollback.states.release(change)
                    if change.operation in own:
                        note(migration, change.operation)
            executor.record_migration(migration.app_label, migration.name, forward=False)
            # PostgreSQL refuses to alter a table that has pending checks of deferred constraints.
            connection.check_constraints()
            say(f"  Unapplying {migration}... OK")
        executor.check_replacements()


def _with_added_operations(
    connection: BaseDatabaseWrapper, rollback: Rollback
) -> Sequence[Migration]:
    """Return copies of the migrations with the operations that receivers of pre_migrate add.

    The receiver of contenttypes adds operations that rename content types.
    """
    copies = [copy(migration) for migration in rollback.migrations]
    for migration in copies:
        vars(migration)["operations"] = [*migration.operations]
    emit_pre_migrate_signal(
        verbosity=0,
        interactive=False,
        db=connection.alias,
        apps=rollback.before.apps,
        plan=[(migration, True) for migration in copies],
    )
    return copies


def remove_leftovers(connection: BaseDatabaseWrapper, rollback: Rollback) -> None:
    """Remove the content types of removed models, and the table of migration records if empty.

    Raise CommandError if enum types are left. Tables need no check, because undoing CreateModel
    drops the table or fails.
    """
    before, after = rollback.before.apps, rollback.after.apps
    forget_models(removed_models(before, rollback.plan, after), after, connection.alias)
    if rollback.empties_ledger:
        with connection.schema_editor() as editor:
            editor.delete_model(MigrationRecorder.Migration)
    if left := [f"enum type {name}" for name in _enum_types_left(connection, rollback)]:
        raise CommandError(
            f"The rollback of {rollback.scope} would leave {', '.join(left)}. Nothing was changed. "
            "Correct the reverse operation of the migration, or drop each type by hand first."
        )


def _enum_types_left(connection: BaseDatabaseWrapper, rollback: Rollback) -> list[str]:
    """Return the enum types that the migrations created and that still exist.

    Read the operations, because the states lack types that no model uses.
    """
    removed: set[str] = set()
    for migration in rollback.migrations:
        for operation in reversed([*database_operations(migration.operations)]):
            if isinstance(operation, EnumOperation):
                removed = (removed | {operation.name_after}) - {operation.name_before}
    removed -= {"", *enum_types(rollback.after)}
    return [name for name in sorted(removed) if find_enum(connection, name)]
