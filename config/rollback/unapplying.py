"""The unapplying of migrations, for several targets at once and in the caller's transaction."""

from collections.abc import Callable

from django.core.management.base import CommandError
from django.core.management.sql import emit_pre_migrate_signal
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from config.migrating import forget_models, names_kept, removed_models
from config.postgres.enums import running
from config.rollback.rollback_plan import Rollback
from config.rollback.trace import VanishedObjects


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
    trace: VanishedObjects,
    say: Callable[[str], None] = lambda line: None,
) -> None:
    """Unapply the migrations as `migrate` does, and note in `trace` which objects vanish."""
    # Receivers of the signal add operations to the migrations, so with_marks() has copied them.
    plan = [(trace.with_marks(migration), True) for migration in rollback.migrations]
    emit_pre_migrate_signal(
        verbosity=0,
        interactive=False,
        db=connection.alias,
        apps=rollback.before.apps,
        plan=plan,
    )
    executor = MigrationExecutor(connection)
    steps = rollback.states.changes([migration for migration, _ in reversed(plan)])
    with running(rollback.plan), names_kept(rollback.plan):
        for (migration, _), changes in zip(plan, reversed(steps), strict=True):
            with connection.schema_editor() as editor:
                for change in reversed(changes):
                    change.undo(migration.app_label, editor)
                    rollback.states.release(change)
            executor.record_migration(migration.app_label, migration.name, forward=False)
            # PostgreSQL refuses to alter a table that has pending checks of deferred constraints.
            connection.check_constraints()
            trace.end()
            say(f"  Unapplying {migration}... OK")
        executor.check_replacements()


def remove_leftover_records(connection: BaseDatabaseWrapper, rollback: Rollback) -> None:
    """Remove the content types of removed models, and the table of migration records if empty."""
    before, after = rollback.before.apps, rollback.after.apps
    forget_models(removed_models(before, rollback.plan, after), after, connection.alias)
    if rollback.empties_ledger:
        with connection.schema_editor() as editor:
            editor.delete_model(MigrationRecorder.Migration)
