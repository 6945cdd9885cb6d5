"""The plan of a rollback: the migrations to unapply according to the command's arguments."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.apps import apps
from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.loader import AmbiguityError, MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.utils import timezone

from config.migrating import ModelKey, model_keys, renamed_back
from config.postgres import Node, Plan, applying_order
from config.rollback.states import States


@dataclass(frozen=True)
class Rollback:
    """The migrations to unapply, and the models before and after."""

    scope: str
    """The request in words, for messages."""
    migrations: Sequence[Migration]
    """The migrations in the order of unapplying."""
    after: ProjectState
    applied: Collection[Node]
    """All recorded migrations at the time of planning."""
    unknown: Sequence[Node]
    """The recorded migrations that are missing in the code. They are not unapplied."""
    reason: str
    """The reason in words, if there is nothing to unapply."""

    @property
    def plan(self) -> Plan:
        return [(migration, True) for migration in self.migrations]

    @cached_property
    def states(self) -> States:
        """The states of the models between the operations."""
        return States(self.after)

    @property
    def before(self) -> ProjectState:
        """The models before the rollback."""
        return self.states.last([*reversed(self.migrations)])

    @property
    def nodes(self) -> list[Node]:
        return [(migration.app_label, migration.name) for migration in self.migrations]

    @property
    def removed_models(self) -> list[ModelKey]:
        """The removed models, without models that are only renamed back."""
        final_names = {key: key for key in sorted(model_keys(self.before.apps))}
        for new, old in renamed_back(self.plan):
            final_names |= {key: old for key, name in final_names.items() if name == new}
        kept = model_keys(self.after.apps)
        return [key for key, name in final_names.items() if name not in kept]

    @property
    def empties_ledger(self) -> bool:
        """True if no migration remains, so that the table of migration records is dropped."""
        return not self.after.models and not self.unknown


def read_rollback(
    connection: BaseDatabaseWrapper, app_labels: Collection[str] = (), to: Sequence[str] = ()
) -> Rollback:
    """Return the rollback of the selected migrations and their dependents.

    Without arguments, all migrations are selected. `app_labels` select the migrations of these
    apps. `to` selects the migrations after a time in ISO 8601, by default in the current time zone,
    or after a migration (["courses.0001"] or ["courses", "0001"]).
    Raise CommandError if an app or migration is unknown, or if a name is ambiguous.
    """
    loader = MigrationLoader(connection)
    loader.check_consistent_history(connection)
    applied = _read_applied(loader, connection)
    for app_label in app_labels:
        _check_app(loader, app_label)
    request = _parse_request(loader, applied, app_labels, " ".join(to))
    nodes = _with_dependents(loader.graph, applied, request.nodes)
    return Rollback(
        request.scope,
        [loader.graph.nodes[node] for node in nodes],
        loader.project_state([node for node in applied if node not in nodes]),
        set(MigrationRecorder(connection).applied_migrations()),
        sorted(_find_unknown(loader)),
        request.reason,
    )


class RequestedMigrations(NamedTuple):
    """The migrations that the arguments request."""

    scope: str
    """The request in words, for messages."""
    nodes: Collection[Node]
    """The requested migrations, without their dependents."""
    reason: str
    """The reason in words, if no migration is requested."""


def _parse_request(
    loader: MigrationLoader, applied: Mapping[Node, datetime], app_labels: Collection[str], to: str
) -> RequestedMigrations:
    ours = {node: applied[node] for node in applied if not app_labels or node[0] in app_labels}
    if not to:
        of = f" of {' or '.join(app_labels)}" if app_labels else ""
        scope = ", ".join(app_labels) or "the whole schema"
        return RequestedMigrations(scope, ours, f"no migration{of} is applied")
    if moment := _parse_moment(to):
        return _after_moment(ours, moment, app_labels)
    if app_labels:
        raise CommandError(
            f"--to {to} already names an app. Leave out {' '.join(app_labels)}, or give a point in "
            "time."
        )
    return _after_migration(loader, applied, *_find_target(loader, to))


def _parse_moment(to: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(to)
    except ValueError:
        return None
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _after_moment(
    applied: Mapping[Node, datetime], moment: datetime, app_labels: Collection[str]
) -> RequestedMigrations:
    of = f" of {', '.join(app_labels)}" if app_labels else ""
    reason = f"no migration{of} was applied after {moment:%Y-%m-%d %H:%M:%S %Z}"
    if applied:
        node, last = max(applied.items(), key=lambda item: item[1])
        last = last.astimezone(moment.tzinfo)
        reason += f"; the last one, {'.'.join(node)}, was at {last:%Y-%m-%d %H:%M:%S %Z}"
    scope = f"the migrations{of} applied after {moment:%Y-%m-%d %H:%M:%S %Z}"
    return RequestedMigrations(scope, [node for node in applied if applied[node] > moment], reason)


def _find_target(loader: MigrationLoader, to: str) -> Node:
    """Return the app label and name of the migration in `to`. The name is '' for "zero".

    Raise CommandError if no migration matches, or more than one.
    """
    app_label, _, prefix = to.replace(" ", ".").partition(".")
    if not prefix:
        raise CommandError(
            f"--to {to} is neither a point in time nor a migration. Write --to 2026-11-20T10:00 or "
            "--to courses.0001_initial."
        )
    _check_app(loader, app_label)
    if prefix == "zero":
        return app_label, ""
    try:
        return app_label, loader.get_migration_by_prefix(app_label, prefix).name
    except (AmbiguityError, KeyError) as error:
        found = "More than one" if isinstance(error, AmbiguityError) else "No"
        raise CommandError(
            f"{found} migration of {app_label} begins with {prefix!r}. "
            f"manage.py showmigrations {app_label} lists them."
        ) from error


def _after_migration(
    loader: MigrationLoader, applied: Mapping[Node, datetime], app_label: str, name: str
) -> RequestedMigrations:
    own = [node for node in applied if node[0] == app_label]
    if not name:
        return RequestedMigrations(app_label, own, f"no migration of {app_label} is applied")
    target = (app_label, name)
    if target not in applied:
        raise CommandError(
            f"{app_label}.{name} is not applied, so {app_label} cannot be rolled back to it. "
            f"manage.py showmigrations {app_label} lists the applied migrations."
        )
    later = [node for node in own if node != target and target in loader.graph.forwards_plan(node)]
    return RequestedMigrations(
        f"{app_label} to {name}",
        later,
        f"{app_label}.{name} is the last migration of {app_label} that is applied",
    )


def _check_app(loader: MigrationLoader, app_label: str) -> None:
    if app_label not in loader.migrated_apps:
        installed = app_label in apps.app_configs
        problem = "has no migrations" if installed else "is not installed"
        known = ", ".join(sorted(loader.migrated_apps))
        raise CommandError(f"App {app_label!r} {problem}. Apps with migrations: {known}.")


def _read_applied(loader: MigrationLoader, connection: BaseDatabaseWrapper) -> dict[Node, datetime]:
    """Return when each migration was applied. For a squashed migration, its last part counts."""
    recorder = MigrationRecorder(connection)
    records = {node: record.applied for node, record in recorder.applied_migrations().items()}
    return {
        node: max(
            records[part] for part in (node, *loader.graph.nodes[node].replaces) if part in records
        )
        for node in loader.applied_migrations
        if node in loader.graph.nodes
    }


def _find_unknown(loader: MigrationLoader) -> set[Node]:
    replaced = {node for each in loader.disk_migrations.values() for node in each.replaces}
    return loader.applied_migrations.keys() - loader.disk_migrations.keys() - replaced


def _with_dependents(
    graph: MigrationGraph, applied: Mapping[Node, datetime], roots: Collection[Node]
) -> list[Node]:
    """Return `roots` and all migrations that depend on them, in the reverse order of applying.

    Migrations that do not depend on each other are sorted by the time of applying. This order
    matters after a model has moved to another app, for example.
    """
    unapplied: set[Any] = {node for root in roots for node in graph.backwards_plan(root)}
    times: dict[Any, datetime] = {}
    for node in applying_order(graph):
        if node in applied:
            parents = [parent.key for parent in graph.node_map[node].parents]
            before = [times[parent] for parent in parents if parent in times]
            times[node] = max([applied[node], *before])  # never earlier than its dependencies
    in_time = sorted(times, key=times.__getitem__)
    return [node for node in reversed(in_time) if node in unapplied]
