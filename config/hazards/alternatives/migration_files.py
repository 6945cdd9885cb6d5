"""The migration files of an alternative."""

import inspect
import re
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
MANUAL = re.compile(
    r"\n\n# Functions from the following migrations need .*?(?=\n\nclass )", re.DOTALL
)


@dataclass(frozen=True)
class NewMigration:
    """A migration of an alternative, ready to run."""

    when: str
    operations: Sequence[Operation]
    atomic: bool = True
    accepted: Mapping[str, str] = field(default_factory=dict)
    """The reasons why the remaining hazards are acceptable, by code."""

    def source(self, replaced: Migration, **attributes: Any) -> str:
        """Return the file in the form of makemigrations, with `attributes` of the migration.

        Classes and functions that the replaced migration defines itself are copied from its file.
        """
        migration: Any = Migration("", replaced.app_label)
        vars(migration).update(attributes, operations=[*self.operations], atomic=self.atomic)
        source = MigrationWriter(migration, include_header=False).as_string().strip()
        if self.accepted:
            accepted = f"\n    hazards_accepted = {dict(self.accepted)!r}\n"
            source = source.replace(CLASS, f"{CLASS}{accepted}", 1)
        module = type(replaced).__module__
        if f"{module}." not in source:
            return source
        source = MANUAL.sub("", source).replace(f"import {module}\n", "").replace(f"{module}.", "")
        imports, _, rest = source.partition(CLASS)
        return f"{imports.rstrip()}\n\n\n{_definitions(type(replaced))}\n\n\n{CLASS}{rest}"


def _definitions(cls: type[Migration]) -> str:
    """Return the code of a migration file outside of its class Migration."""
    source, _ = inspect.findsource(cls)
    own, first = inspect.getsourcelines(cls)
    return "".join([*source[: first - 1], *source[first - 1 + len(own) :]]).strip()


@dataclass(frozen=True)
class Alternative:
    """The advice for a dangerous operation, and the migrations that replace it, in order."""

    advice: str
    migrations: Sequence[NewMigration] = ()


def migration_files(replaced: Migration, migrations: Sequence[NewMigration]) -> Iterator[str]:
    """Yield the files of the migrations that replace one migration, each with its name."""
    attributes = {"initial": replaced.initial, "dependencies": replaced.dependencies}
    for place, migration in enumerate(migrations):
        file = _name(replaced.name, place)
        if migration is migrations[-1]:
            attributes["run_before"] = replaced.run_before
        yield f"# {file}.py. {migration.when}:\n{migration.source(replaced, **attributes)}"
        attributes = {"dependencies": [(replaced.app_label, file)]}


def _name(first: str, place: int) -> str:
    """Return `first` with its number raised by `place`, so that no name begins with another."""
    digits = first[: len(first) - len(first.lstrip("0123456789"))]
    if not place or not digits:
        return f"{place + 1}_{first}" if place else first
    return f"{int(digits) + place:0{len(digits)}}{first.removeprefix(digits)}"
