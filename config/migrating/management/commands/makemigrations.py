from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core.management.base import CommandError
from django.core.management.commands import makemigrations
from django.db.migrations import Migration, RenameModel
from django.db.migrations.loader import MigrationLoader

from config.migrating.parent_models import check_renamed_parents
from config.postgres.enums import EnumAutodetector
from config.project import is_own


class Command(makemigrations.Command):
    """A makemigrations that includes enum types and all of the project's apps."""

    autodetector = EnumAutodetector

    def handle(self, *app_labels: str, **options: Any) -> None:
        try:
            super().handle(*(app_labels or labels_to_name()), **options)
        except EOFError as error:
            raise CommandError(
                "This question got no answer, because input has ended; nothing was written. Run "
                "makemigrations in a terminal, or with --noinput, which prints what it assumes."
            ) from error

    def write_migration_files(self, changes: dict[str, list[Migration]], *args: Any) -> None:
        plan = [(migration, False) for app in changes.values() for migration in app]
        operations = (operation for migration, _ in plan for operation in migration.operations)
        if any(isinstance(operation, RenameModel) for operation in operations):
            state = MigrationLoader(None, ignore_no_migrations=True).project_state()
            check_renamed_parents(plan, state.apps)
        super().write_migration_files(changes, *args)


def labels_to_name() -> list[str]:
    """Return the labels of all the project's apps if one has no migrations package, else none.

    Django skips such an app unless it is named, and naming one app excludes the others.
    """
    own = [app_config for app_config in apps.get_app_configs() if _is_ours(app_config)]
    if all(_has_migrations_package(app_config) for app_config in own):
        return []
    return [app_config.label for app_config in own]


def _has_migrations_package(app_config: AppConfig) -> bool:
    return (Path(app_config.path) / "migrations" / "__init__.py").is_file()


def _is_ours(app_config: AppConfig) -> bool:
    return is_own(app_config) and any(app_config.get_models())
