"""check_migrations: the hazards of the migration files, and what their authors say of them."""

import ast
import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.loader import AmbiguityError, MigrationLoader
from django.db.migrations.state import ProjectState

from config.hazards.find import Finding, find, reasons_of
from config.postgres import Plan
from config.project import own_apps


class CheckError(Exception):
    """The migrations cannot be checked."""


@dataclass(frozen=True)
class Mistake:
    """Something that is wrong with a migration's `hazards_accepted`."""

    migration: Migration
    message: str


@dataclass(frozen=True)
class Result:
    migrations: Sequence[Migration]
    """Those that were checked."""
    findings: Sequence[Finding]
    mistakes: Sequence[Mistake]

    @property
    def is_clean(self) -> bool:
        return not self.mistakes and not any(finding.dangers for finding in self.findings)


def check(connection: BaseDatabaseWrapper, app_label: str = "", name: str = "") -> Result:
    """Look at all migrations of the project's own apps, or of one app, or at one of them.

    The server is asked about functions, and not about tables: any that a migration does not
    create itself counts as big and in use.
    Raises CheckError if there is no such migration, SquawkError and StepError.
    """
    loader = MigrationLoader(None)
    wanted = _wanted(loader, app_label, name)
    plan = whole_plan(loader)
    state = ProjectState(real_apps=loader.unmigrated_apps)
    labels = {label for label, _ in wanted}
    checked = [migration for migration, _ in plan if _key(migration) in wanted]
    findings = [
        finding
        for finding in find(connection, plan, state, None, labels)
        if _key(finding.migration) in wanted
    ]
    return Result(checked, findings, list(find_mistakes(checked, findings)))


def _wanted(loader: MigrationLoader, app_label: str, name: str) -> Collection[tuple[str, str]]:
    labels = [app_label] if app_label else own_labels()
    if app_label and app_label not in loader.migrated_apps:
        known = ", ".join(sorted(loader.migrated_apps))
        raise CheckError(f"There is no app {app_label!r} that has migrations. There are: {known}.")
    if not name:
        return {key for key in loader.graph.nodes if key[0] in labels}
    try:
        return {_key(loader.get_migration_by_prefix(app_label, name))}
    except KeyError as error:
        raise CheckError(f"App {app_label!r} has no migration {name!r}.") from error
    except AmbiguityError as error:
        raise CheckError(f"Several migrations of app {app_label!r} begin with {name!r}.") from error


def own_labels() -> list[str]:
    """Of the apps of this project."""
    return [config.label for config in own_apps()]


def whole_plan(loader: MigrationLoader) -> Plan:
    """All migrations, as for an empty database."""
    order = (key for leaf in loader.graph.leaf_nodes() for key in loader.graph.forwards_plan(leaf))
    return [(loader.graph.nodes[key], False) for key in dict.fromkeys(order)]


def _key(migration: Migration) -> tuple[str, str]:
    return migration.app_label, migration.name


def find_mistakes(
    migrations: Sequence[Migration], findings: Sequence[Finding]
) -> Iterator[Mistake]:
    """Reasons that are missing, and reasons for what is not there."""
    for migration in migrations:
        if not isinstance(getattr(migration, "hazards_accepted", {}), Mapping):
            yield Mistake(migration, "Its hazards_accepted is no dict. Write {code: reason}.")
        there = {
            item.code
            for finding in findings
            if finding.migration is migration
            for item in finding.hazards
        }
        for code, reason in reasons_of(migration).items():
            if code not in there:
                yield Mistake(migration, f"It accepts {code}, which it does not have.")
            elif not isinstance(reason, str) or not reason.strip():
                yield Mistake(migration, f"It accepts {code} without a reason.")


# Where it is written


def place(migration: Migration, finding: Finding | None = None) -> tuple[str, int]:
    """The file and the line of an operation, or of the migration."""
    cls = type(migration)
    file = Path(inspect.getfile(cls))
    shown = file.relative_to(settings.BASE_DIR) if file.is_relative_to(settings.BASE_DIR) else file
    lines = _lines(file)
    number = migration.operations.index(finding.step.written) + 1 if finding else 0
    return shown.as_posix(), lines[number] if number < len(lines) else lines[0]


def _lines(file: Path) -> list[int]:
    """Of the class Migration, and of each operation that it lists."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    [cls] = [node for node in tree.body if getattr(node, "name", "") == "Migration"]
    assert isinstance(cls, ast.ClassDef)  # noqa: S101
    for node in cls.body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.List)
            and getattr(node.targets[0], "id", "") == "operations"
        ):
            return [cls.lineno, *(item.lineno for item in node.value.elts)]
    return [cls.lineno]
