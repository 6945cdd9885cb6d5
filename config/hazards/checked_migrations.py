"""The hazards of migration files, and the mistakes in their `hazards_accepted`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.loader import AmbiguityError, MigrationLoader
from django.db.migrations.state import ProjectState

from config.console import explain_loading
from config.hazards.errors import HazardError, on_one_line
from config.hazards.operation_hazards import OperationHazards, find_hazards, reasons_of
from config.postgres import applying_order
from config.project import own_apps


@dataclass(frozen=True)
class WrongAcceptance:
    """A defect of a migration's `hazards_accepted`."""

    migration: Migration
    message: str


@dataclass(frozen=True)
class CheckedMigrations:
    """The migrations that were checked, their hazards, and their authors' mistakes."""

    migrations: Sequence[Migration]
    hazards: Sequence[OperationHazards]
    mistakes: Sequence[WrongAcceptance]

    @property
    def is_clean(self) -> bool:
        return not self.mistakes and not any(item.dangers for item in self.hazards)


def check_migrations(
    connection: BaseDatabaseWrapper, app_label: str, name: str
) -> CheckedMigrations:
    """Check one migration, all migrations of an app, or all migrations of the project's own apps.

    Every table that a migration does not create itself counts as big and in use, whatever the
    server contains. Raise HazardError if a migration does not exist or cannot be checked.
    """
    loader = _load()
    wanted = _wanted(loader, app_label, name)
    labels = {label for label, _ in wanted}
    migrations: dict[tuple[str, str], Migration] = {}
    hazards: list[OperationHazards] = []
    for graph in _graphs(loader):
        order = (graph.nodes[node] for node in applying_order(graph))
        plan = [(migration, False) for migration in order if migration]
        state = ProjectState(real_apps=loader.unmigrated_apps)
        unchecked = wanted - migrations.keys()
        new = {_key(migration): migration for migration, _ in plan if _key(migration) in unchecked}
        found = find_hazards(connection, plan, state, app_labels=labels)
        hazards += [item for item in found if _key(item.migration) in new]
        migrations |= new
    checked = list(migrations.values())
    return CheckedMigrations(checked, hazards, list(_mistakes(checked, hazards)))


def _load() -> MigrationLoader:
    try:
        return MigrationLoader(None)
    except (Exception, SystemExit) as error:  # a file may run any code, and raise anything
        raise HazardError(explain_loading(error) or on_one_line(error)) from error


def _wanted(loader: MigrationLoader, app_label: str, name: str) -> set[tuple[str, str]]:
    labels = [app_label] if app_label else [config.label for config in own_apps()]
    if app_label and app_label not in loader.migrated_apps:
        known = ", ".join(sorted(loader.migrated_apps))
        raise HazardError(f"App {app_label!r} has no migrations. Apps with migrations: {known}.")
    if not name:
        return {key for key in loader.disk_migrations if key[0] in labels}
    try:
        return {_key(loader.get_migration_by_prefix(app_label, name))}
    except KeyError as error:
        raise HazardError(f"App {app_label!r} has no migration {name!r}.") from error
    except AmbiguityError as error:
        raise HazardError(
            f"Several migrations of app {app_label!r} begin with {name!r}."
        ) from error


def _graphs(loader: MigrationLoader) -> Iterator[MigrationGraph]:
    """Yield the graph with squashed migrations and, if there are any, the graph without them.

    A database with only some of the replaced migrations applied runs the remaining ones.
    """
    yield loader.graph
    squashed = {
        key: migration.replaces
        for key, migration in loader.disk_migrations.items()
        if any(replaced in loader.disk_migrations for replaced in migration.replaces)
    }
    if squashed:
        graph = MigrationLoader(None, replace_migrations=False).graph
        for key, replaced in squashed.items():
            graph.remove_replacement_node(key, replaced)
        yield graph


def _key(migration: Migration) -> tuple[str, str]:
    return migration.app_label, migration.name


def _mistakes(
    migrations: Sequence[Migration], hazards: Sequence[OperationHazards]
) -> Iterator[WrongAcceptance]:
    for migration in migrations:
        if not isinstance(getattr(migration, "hazards_accepted", {}), Mapping):
            yield WrongAcceptance(
                migration, "Its hazards_accepted is not a dict. Write {code: reason}."
            )
        of_migration = (item for item in hazards if item.migration is migration)
        codes = {item.code for operation in of_migration for item in operation.hazards}
        for code, reason in reasons_of(migration).items():
            if code not in codes:
                yield WrongAcceptance(migration, f"It accepts {code}, but has no such hazard.")
            elif not isinstance(reason, str) or not reason.strip():
                yield WrongAcceptance(migration, f"It accepts {code} without a reason.")
