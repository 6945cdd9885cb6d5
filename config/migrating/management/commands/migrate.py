from contextlib import ExitStack
from typing import Any

from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation
from django.db.models.signals import post_migrate, pre_migrate

from config.console import explained_interruption
from config.hazards import PlannedHazards
from config.migrating.lock_timeout import autocommit, lock_timeout
from config.migrating.migration_lock import hold_migration_lock
from config.migrating.plan import (
    ModelKey,
    all_undone,
    earlier_names,
    forget_models,
    is_one_transaction,
    model_keys,
)
from config.migrating.preflight import check_plan
from config.migrating.progress import Progress
from config.postgres import Plan
from config.postgres.enums import EnumAutodetector, running


class Command(migrate.Command):
    """migrate that runs alone, keeps nobody waiting, and does each migration whole or not at all.

    It looks at the whole plan first, and goes back in one transaction.
    """

    autodetector = EnumAutodetector

    def handle(self, *args: Any, **options: Any) -> None:
        self.hazards = PlannedHazards(options["database"])
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        self.database, self.fake = options["database"], options["fake"]
        self.fake_initial = options["fake_initial"]
        self.asked_verbosity = self.verbosity_of_plan = options["verbosity"]
        self.is_within_line = False
        self.progress = Progress()
        connection = connections[self.database]
        with (
            explained_interruption(lambda: self.progress.look(connection)),
            hold_migration_lock(connection, self.progress, self.say) as self.lock,
            autocommit(connection),
            lock_timeout(self.lock, self.say) as patience,
        ):
            patience.retry(
                lambda: self.run(*args, **options),
                is_whole=lambda: not self.progress.is_halfway,
            )

    def run(self, *args: Any, **options: Any) -> None:
        """Plan, and do what is left to do."""
        self.models_before: set[ModelKey] | None = None
        pre_migrate.connect(self.before)
        post_migrate.connect(self.after)
        try:
            with ExitStack() as self.plan_context, ExitStack() as self.transaction:
                super().handle(*args, **options | {"verbosity": self.verbosity_of_plan})
            self.progress.commit()
        except BaseException:
            self.end_line()
            raise
        finally:
            pre_migrate.disconnect(self.before)
            post_migrate.disconnect(self.after)

    def before(self, plan: Plan, apps: Any, **kwargs: Any) -> None:
        """Look at the plan before anything of it runs.

        Django sends its signal to each app that has a models module, whichever those are; the
        first one is as good as any.
        """
        if self.models_before is not None:
            return
        self.plan_context.enter_context(running(plan))
        self.verbosity, self.verbosity_of_plan = self.asked_verbosity, 0  # it is shown once
        self.models_before = model_keys(apps)
        if not self.fake:
            check_plan(connections[self.database], plan, apps, self.fake_initial)
            if self.verbosity and (hazards := self.hazards.summary(plan)):
                self.stdout.write(hazards, self.style.WARNING)
        self.progress.is_one_transaction = is_one_transaction(plan)
        if self.progress.is_one_transaction:
            self.transaction.enter_context(self.lock.transaction())
            self.transaction.enter_context(all_undone())

    def after(self, plan: Plan, apps: Any, **kwargs: Any) -> None:
        """Forget the models that the plan removed; once, as `before`."""
        if self.models_before is None:
            return
        models_before, self.models_before = self.models_before, None
        if not self.fake:
            gone = (models_before | earlier_names(plan)) - model_keys(apps)
            forget_models(gone, apps, self.database)

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
            self.commit()
        elif action == "unapply_success":
            # The next migration of the same transaction may alter what this one wrote to, which
            # PostgreSQL refuses as long as deferred constraints are still to be looked at.
            connections[self.database].check_constraints()
        super().migration_progress_callback(action, migration, fake)
        self.is_within_line = action.endswith("_start") and self.verbosity > 0

    def begin(self, migration: Migration, action: str) -> None:
        """Have a migration and its record in one transaction, where Django has two."""
        if action == "apply_start" and migration.atomic:
            self.transaction.enter_context(self.lock.transaction())
        else:
            self.lock.check()
        self.progress.migration = migration

    def commit(self) -> None:
        self.transaction.close()
        self.progress.commit()

    def say(self, line: str) -> None:
        if self.asked_verbosity > 0:
            self.end_line()
            self.stdout.write(line)
            self.stdout.flush()

    def end_line(self) -> None:
        if self.is_within_line:
            self.stdout.write()
            self.is_within_line = False
