from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import makemigrations
from django.db.migrations import Migration, RenameModel
from django.db.migrations.loader import MigrationLoader

from config.migrating.parent_models import check_renamed_parents
from config.postgres.enums import EnumAutodetector
from config.project import own_apps


class Command(makemigrations.Command):
    """A makemigrations that includes enum types and all of the project's apps."""

    autodetector = EnumAutodetector

    def handle(self, *app_labels: str, **options: Any) -> None:
        try:
            super().handle(*(app_labels or labels_if_package_is_missing()), **options)
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


def labels_if_package_is_missing() -> list[str]:
    """Return the labels of the project's apps with models if a migrations package is missing.

    Django skips an app without this package if the command names no app. If no package is missing,
    return an empty list.
    """
    own = [app_config for app_config in own_apps() if any(app_config.get_models())]
    packages = [Path(app_config.path, "migrations", "__init__.py") for app_config in own]
    return [] if all(map(Path.is_file, packages)) else [app_config.label for app_config in own]
