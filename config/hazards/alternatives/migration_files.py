"""The migration files that an alternative consists of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.writer import MigrationWriter

NOW = "With this release"
NEXT = "With the next release"
AFTERWARDS = "After that"
CLASS = "class Migration(migrations.Migration):\n"


@dataclass(frozen=True)
class NewMigration:
    """A migration of an alternative, which may be run as it is."""

    when: str
    operations: Sequence[Operation]
    atomic: bool = True
    accepted: Mapping[str, str] = field(default_factory=dict)
    """Its remaining hazards by code, and why they are acceptable."""

    def source(self, app_label: str, name: str, dependencies: Sequence[tuple[str, str]]) -> str:
        """Return the file as makemigrations would write it."""
        migration: Any = Migration(name, app_label)
        migration.operations = [*self.operations]
        migration.dependencies = [*dependencies]
        migration.atomic = self.atomic
        source = MigrationWriter(migration, include_header=False).as_string().strip()
        if self.accepted:
            accepted = f"\n    hazards_accepted = {dict(self.accepted)!r}\n"
            source = source.replace(CLASS, f"{CLASS}{accepted}", 1)
        return source


@dataclass(frozen=True)
class Alternative:
    """The advice for a dangerous operation, and the migrations that replace it, in order."""

    advice: str
    migrations: Sequence[NewMigration] = ()

    def files(self, replaced: Migration) -> Iterator[str]:
        """Yield the migration files, each with its name; the first may replace `replaced`."""
        app_label, name = replaced.app_label, replaced.name
        dependencies: Sequence[tuple[str, str]] = replaced.dependencies
        first = 1
        if self.migrations and self.migrations[0].when == AFTERWARDS:
            dependencies, first = [(app_label, name)], 2
        for number, migration in enumerate(self.migrations, first):
            file = name if number == 1 else f"{name}_{number}"
            source = migration.source(app_label, file, dependencies)
            yield f"# {file}.py. {migration.when}:\n{source}"
            dependencies = [(app_label, file)]
