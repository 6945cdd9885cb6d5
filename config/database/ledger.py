"""What django_migrations says, against the migration files and the models."""

from collections.abc import Iterator

from django.apps import apps
from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from config.database.autodetector import MigrationAutodetector
from config.database.catalog import Key
from config.database.diff import Drift


def check_ledger(connection: BaseDatabaseWrapper) -> Iterator[Drift]:
    """Migrations that are unapplied, unknown or out of order, and models that have none yet."""
    executor = MigrationExecutor(connection)
    loader = executor.loader
    for migration, _ in executor.migration_plan(loader.graph.leaf_nodes()):
        yield Drift(_key(migration.app_label, migration.name), "missing")
    for app_label, name in sorted(set(loader.applied_migrations) - set(loader.disk_migrations)):
        yield Drift(_key(app_label, name), "extra")
    try:
        loader.check_consistent_history(connection)
    except InconsistentMigrationHistory as error:
        yield Drift(_key("", "history"), "different", "order", None, str(error))
    for app_label, reason in sorted(_unmigrated(executor).items()):
        yield Drift(
            _key(app_label, "models"), "different", "changes without migration", None, reason
        )


def _key(app_label: str, name: str) -> Key:
    return Key("migration", app_label, name)


def _unmigrated(executor: MigrationExecutor) -> dict[str, str]:
    """By app label, what makemigrations would do."""
    before, after = executor.loader.project_state(), ProjectState.from_apps(apps)
    try:
        changes = MigrationAutodetector(before, after).changes(graph=executor.loader.graph)
    except CommandError as refused:
        return {"": str(refused)}
    return {
        app_label: "; ".join(
            operation.describe() for migration in migrations for operation in migration.operations
        )
        for app_label, migrations in changes.items()
    }
