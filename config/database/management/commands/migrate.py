from contextlib import ExitStack
from typing import Any

from django.apps import apps
from django.core.management.commands import migrate
from django.db import connections, transaction
from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation
from django.db.models.signals import post_migrate, pre_migrate

from config.database.autodetector import MigrationAutodetector
from config.database.hazards.planned import PlannedHazards
from config.database.preflight import check_plan
from config.database.rollback import Plan, forget_models, is_one_transaction, model_keys


class Command(migrate.Command):
    """migrate that looks at the whole plan first, and goes back in one transaction."""

    autodetector = MigrationAutodetector

    def handle(self, *args: Any, **options: Any) -> None:
        self.hazards = PlannedHazards(options["database"])
        self.database, self.fake = options["database"], options["fake"]
        self.fake_initial = options["fake_initial"]
        sender = apps.get_app_config("database")
        pre_migrate.connect(self.before, sender=sender)
        post_migrate.connect(self.after, sender=sender)
        try:
            with ExitStack() as self.transaction:
                super().handle(*args, **options)
        finally:
            pre_migrate.disconnect(self.before, sender=sender)
            post_migrate.disconnect(self.after, sender=sender)

    def before(self, plan: Plan, apps: Any, **kwargs: Any) -> None:
        """Between planning and running; Django's own signal says when."""
        self.models_before = model_keys(apps)
        if not self.fake:
            check_plan(connections[self.database], plan, apps, self.fake_initial)
            if self.verbosity and (hazards := self.hazards.summary(plan)):
                self.stdout.write(hazards, self.style.WARNING)
        if is_one_transaction(plan):
            self.transaction.enter_context(transaction.atomic(using=self.database))

    def after(self, plan: Plan, apps: Any, **kwargs: Any) -> None:
        if not self.fake:
            forget_models(self.models_before - model_keys(apps), apps, self.database)

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
        if action == "unapply_success":
            # The next migration of the same transaction may alter what this one wrote to, which
            # PostgreSQL refuses as long as deferred constraints are still to be looked at.
            connections[self.database].check_constraints()
        super().migration_progress_callback(action, migration, fake)
