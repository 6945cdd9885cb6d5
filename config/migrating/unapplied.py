"""The check of a database for unapplied migrations."""

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from config.console import counted


def check_migrated(connection: BaseDatabaseWrapper) -> None:
    """Raise CommandError if a migration is unapplied."""
    executor = MigrationExecutor(connection)
    if unapplied := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError(
            f"Database {connection.settings_dict['NAME']} lacks "
            f"{counted(len(unapplied), 'migration')}, beginning with {unapplied[0][0]}. "
            "Run manage.py migrate."
        )
