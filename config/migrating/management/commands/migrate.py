from contextlib import ExitStack
from typing import Any

from django.apps.registry import Apps
from django.core.management.commands import migrate
from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation
from django.db.models.signals import post_migrate, pre_migrate

from config.console import chosen_connection
from config.hazards import PlannedHazards
from config.migrating.content_types import forget_models, removed_models
from config.migrating.guards import all_undone, explained_operations, guarded_run
from config.migrating.preflight import check_plan
from config.migrating.progress import Progress
from config.migrating.signals import migrated, migrating
from config.migrating.swapped_names import names_kept
from config.migrating.unfit_rows import check_rows
from config.postgres import Plan
from config.postgres.enums import EnumAutodetector, running


class Command(migrate.Command):
    """A migrate that checks its plan, runs in one process at a time, and waits briefly for locks.

    A migration and its record are one transaction. To unapply migrations, the whole plan is one
    transaction. Migrations with atomic = False are exceptions.
    """

    autodetector = EnumAutodetector

    def handle(self, *args: Any, **options: Any) -> None:
        self.connection = chosen_connection(options["database"])
        self.hazards = PlannedHazards(options["database"])
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        self.fake, self.fake_initial = options["fake"], options["fake_initial"]
        self.asked_verbosity = self.verbosity_of_plan = options["verbosity"]
        self.is_within_line = False
        self.progress = Progress()
        with guarded_run(self.connection, self.progress, self.say) as waits:
            self.lock = waits.lock
            migrating.send(type(self), waits=waits)
            waits.retry(
                lambda: self.run(*args, **options),
                may_retry=lambda: not self.progress.is_halfway,
            )
            migrated.send(type(self), waits=waits, say=self.say)

    def run(self, *args: Any, **options: Any) -> None:
        """Make the plan and run it. LockWaits.retry() repeats this call after a lock timeout."""
        self.apps_before: Apps | None = None
        pre_migrate.connect(self.check_plan_once)
        post_migrate.connect(self.forget_removed_models)
        try:
            with (
                ExitStack() as self.plan_context,
                ExitStack() as self.transaction,
                explained_operations(self.progress),
            ):
                super().handle(*args, **options | {"verbosity": self.verbosity_of_plan})
            self.progress.commit()
        except BaseException:
            self.end_line()
            raise
        finally:
            pre_migrate.disconnect(self.check_plan_once)
            post_migrate.disconnect(self.forget_removed_models)

    def check_plan_once(self, plan: Plan, apps: Apps, using: str, **kwargs: Any) -> None:
        """Check the plan before it runs.

        Django sends pre_migrate once for each app with a models module, so ignore later signals.
        Also ignore signals for other databases, because a migration may migrate another database.
        """
        if self.apps_before is not None or using != self.connection.alias:
            return
        self.apps_before = apps
        self.plan_context.enter_context(running(plan))
        self.plan_context.enter_context(names_kept(plan))
        self.verbosity, self.verbosity_of_plan = self.asked_verbosity, 0  # a retry shows no plan
        self.progress.unapplies = any(backwards for _, backwards in plan)
        if not self.fake:
            check_plan(self.connection, plan, apps, self.fake_initial)
            check_rows(self.connection, self.hazards.demands(plan))
            if self.verbosity and (hazards := self.hazards.summary(plan)):
                self.stdout.write(hazards, self.style.WARNING)
        if self.progress.unapplies and all(migration.atomic for migration, _ in plan):
            self.transaction.enter_context(self.lock.transaction())
            self.transaction.enter_context(all_undone())

    def forget_removed_models(self, plan: Plan, apps: Apps, using: str, **kwargs: Any) -> None:
        """Delete the content types of removed models at the first post_migrate signal."""
        if self.apps_before is None or using != self.connection.alias:
            return
        removed = removed_models(self.apps_before, plan, apps)
        self.apps_before = None
        if not self.fake:
            forget_models(removed, apps, self.connection.alias)

    def describe_operation(  # type: ignore[override]
        self, operation: Operation, backwards: bool
    ) -> tuple[str, bool]:
        message, is_error = super().describe_operation(operation, backwards)
        if backwards:
            return message, is_error
        return self.hazards.describe(operation, message, is_error)

    def migration_progress_callback(
        self, action: str, migration: Migration | None = None, fake: bool = False
    ) -> None:
        if migration and action.endswith("_start"):
            self.begin(migration, action)
        elif action == "apply_success":
            self.transaction.close()
            self.progress.commit()
        elif action == "unapply_success":
            # The next migration of the transaction may alter a table with new rows. PostgreSQL
            # refuses ALTER TABLE while checks of deferred constraints are pending.
            self.connection.check_constraints()
        super().migration_progress_callback(action, migration, fake)
        self.is_within_line = action.endswith("_start") and self.verbosity > 0

    def begin(self, migration: Migration, action: str) -> None:
        """Begin a migration. Open one transaction for an atomic migration and its record."""
        if action == "apply_start" and migration.atomic:
            self.transaction.enter_context(self.lock.transaction())
        else:
            self.lock.check()
        self.progress.migration = migration

    def say(self, line: str) -> None:
        if self.asked_verbosity > 0:
            self.end_line()
            self.stdout.write(line)
            self.stdout.flush()

    def end_line(self) -> None:
        if self.is_within_line:
            self.stdout.write()
            self.is_within_line = False
