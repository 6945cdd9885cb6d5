"""The ledger: migration records, compared with migration files, models and extensions."""

from collections import Counter
from collections.abc import Iterator

from django.apps import apps
from django.contrib.postgres.operations import CreateExtension
from django.core.management.base import CommandError
from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from config.console import explain_loading
from config.drift.difference import Drift
from config.postgres import Node, read_rows
from config.postgres.catalog import CatalogError, Key
from config.postgres.enums import EnumAutodetector

SKIPPED = "dependencies that are unapplied"
LATER = "dependencies that were applied later"
RECORDS = "records"
UNMIGRATED = "changes that have no migration"


def check_ledger(loader: MigrationLoader, connection: BaseDatabaseWrapper) -> Iterator[Drift]:
    """Yield the drift of migration records, unmigrated changes of models, and missing extensions.

    Raise CatalogError if a migration contradicts an earlier one.
    """
    yield from _unapplied(loader)
    yield from _unknown(loader)
    yield from _out_of_order(loader)
    yield from _recorded_twice(loader, connection)
    yield from _unmigrated(loader)
    yield from _missing_extensions(loader, connection)


def load_migrations(connection: BaseDatabaseWrapper) -> MigrationLoader:
    """Return the loader of the migration files. Raise CatalogError if they cannot be read."""
    try:
        return MigrationLoader(connection)
    except Error:
        raise
    except Exception as error:  # a migration is Python code and can raise anything
        raise CatalogError(explain_loading(error) or f"{type(error).__name__}: {error}") from error


def _unapplied(loader: MigrationLoader) -> Iterator[Drift]:
    for app_label, name in sorted(set(loader.graph.nodes) - set(loader.applied_migrations)):
        yield Drift(Key("migration", app_label, name), "missing")


def _unknown(loader: MigrationLoader) -> Iterator[Drift]:
    known = set(loader.disk_migrations)
    for migration in loader.disk_migrations.values():
        known |= set(migration.replaces)  # the files of replaced migrations may be deleted
    for app_label, name in sorted(set(loader.applied_migrations) - known):
        yield Drift(Key("migration", app_label, name), "extra")


def _out_of_order(loader: MigrationLoader) -> Iterator[Drift]:
    applied = loader.applied_migrations
    for node in sorted(set(loader.graph.nodes) & set(applied)):
        parents = sorted(parent.key for parent in loader.graph.node_map[node].parents)
        skipped = [".".join(parent) for parent in parents if parent not in applied]
        later = [".".join(parent) for parent in parents if _is_later(loader, parent, node)]
        key = Key("migration", *node)
        if skipped:
            yield Drift(key, "different", SKIPPED, [], skipped)
        if later:
            yield Drift(key, "different", LATER, [], later)


def _is_later(loader: MigrationLoader, parent: Node, child: Node) -> bool:
    """Return whether the parent was recorded after the child.

    Return False if one of them is a squashed migration that has no record itself.
    """
    first, second = (loader.applied_migrations.get(node) for node in (parent, child))
    record = MigrationRecorder.Migration
    if not isinstance(first, record) or not isinstance(second, record):
        return False
    return first.pk > second.pk or first.applied > second.applied


def _recorded_twice(loader: MigrationLoader, connection: BaseDatabaseWrapper) -> Iterator[Drift]:
    if loader.applied_migrations:  # otherwise the table of records may be missing
        records_of = MigrationRecorder(connection).migration_qs
        nodes = Counter(records_of.values_list("app", "name"))
        for node, records in sorted(nodes.items()):
            if records > 1:
                yield Drift(Key("migration", *node), "different", RECORDS, 1, records)


def _unmigrated(loader: MigrationLoader) -> Iterator[Drift]:
    # loader.project_state() and the default questioner skip apps that have no migrations.
    try:
        before = loader.graph.make_state()
    except CommandError as refused:  # a migration contradicts an earlier one
        raise CatalogError(str(refused)) from refused
    after = ProjectState.from_apps(apps)
    questioner = MigrationQuestioner({"ask_initial": True})
    changes = EnumAutodetector(before, after, questioner).changes(graph=loader.graph)
    for app_label, migrations in sorted(changes.items()):
        operations = [operation for migration in migrations for operation in migration.operations]
        key = Key("migration", app_label, "models")
        described = [operation.describe() for operation in operations]
        yield Drift(key, "different", UNMIGRATED, [], described)


def _missing_extensions(
    loader: MigrationLoader, connection: BaseDatabaseWrapper
) -> Iterator[Drift]:
    needed = {
        operation.name
        for migration in loader.graph.nodes.values()
        for operation in migration.operations
        if isinstance(operation, CreateExtension)
    }
    existing = {name for (name,) in read_rows(connection, "SELECT extname FROM pg_extension")}
    for name in sorted(needed - existing):
        yield Drift(Key("extension", "", name), "missing")
