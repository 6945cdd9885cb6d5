"""makemigrations: enum types go with their fields, and apps stay in one piece."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.migrations import Migration, autodetector
from django.db.migrations.autodetector import OperationDependency
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.operations.base import Operation

from config.postgres import named_fields
from config.postgres.enums import FINAL, EnumAutodetector


class WholeAppsAutodetector(autodetector.MigrationAutodetector):
    """Splits the first migration of an app only where apps refer to each other in a circle.

    Django splits every app that has to wait for another, in alphabetical order, and at the first
    operation that waits. To unapply such a half takes columns out of tables that keep their rows,
    and columns that are NOT NULL cannot be put back into them.
    """

    def add_operation(
        self,
        app_label: str,
        operation: Operation,
        dependencies: Sequence[OperationDependency] | None = None,
        beginning: bool = False,
    ) -> None:
        """Let an index or constraint wait for its own fields, not for all of its model's."""
        if isinstance(operation, (AddIndex, AddConstraint)):
            item = operation.index if isinstance(operation, AddIndex) else operation.constraint
            fields = named_fields(item)
            dependencies = [
                dependency
                for dependency in dependencies or ()
                if dependency.field_name is None
                or fields & {dependency.field_name, f"{dependency.field_name}_id"}
            ] + [
                OperationDependency(
                    app_label, operation.model_name, field, OperationDependency.Type.CREATE
                )
                for field in fields
            ]
        super().add_operation(app_label, operation, dependencies, beginning)

    def _build_migration_list(self, graph: MigrationGraph | None = None) -> None:
        self.migrations: dict[str, list[Migration]] = {}
        while any(self.generated_operations.values()):
            app_label, waiting = self._next_app()
            operations = self.generated_operations[app_label]
            self.generated_operations[app_label] = waiting
            ready = [operation for operation in operations if operation not in waiting]
            self._add_migration(app_label, ready, graph)

    def _next_app(self) -> tuple[str, list[Operation]]:
        """The app whose turn it is, and those of its operations that have to wait."""
        pending = [app_label for app_label, rest in self.generated_operations.items() if rest]
        needs = {app_label: set(self._needed_apps(app_label)) for app_label in pending}
        turns = [
            (app_label, waiting)
            for app_label in pending
            if all(app_label in _reach(needs, other) for other in _reach(needs, app_label))
            and len(waiting := self._waiting(app_label)) < len(self.generated_operations[app_label])
        ]
        if not turns:
            raise ValueError(f"Cannot resolve operation dependencies: {self.generated_operations}")
        return min(
            turns, key=lambda turn: (any(map(_fails_on_rows, turn[1])), len(turn[1]), turn[0])
        )

    def _needed_apps(self, app_label: str) -> Iterator[str]:
        for operation in self.generated_operations[app_label]:
            for dependency in operation._auto_deps:
                dependency, _ = self._resolve_dependency(dependency)
                if dependency.app_label != app_label and self._is_pending(
                    dependency, self.generated_operations.get(dependency.app_label, [])
                ):
                    yield dependency.app_label

    def _waiting(self, app_label: str) -> list[Operation]:
        """What needs another app's pending operation, or something that has to wait itself."""
        waiting: list[Operation] = []
        for operation in self.generated_operations[app_label]:
            for dependency in operation._auto_deps:
                dependency, _ = self._resolve_dependency(dependency)
                own = dependency.app_label == app_label
                others = self.generated_operations.get(dependency.app_label, [])
                if self._is_pending(dependency, waiting if own else others):
                    waiting.append(operation)
                    break
            else:
                if waiting and isinstance(operation, FINAL):  # what waits may still use it
                    waiting.append(operation)
        return waiting

    def _is_pending(self, dependency: OperationDependency, operations: list[Operation]) -> bool:
        return any(self.check_dependency(operation, dependency) for operation in operations)

    def _add_migration(
        self, app_label: str, operations: list[Operation], graph: MigrationGraph | None
    ) -> None:
        earlier = self.migrations.setdefault(app_label, [])
        migration = Migration(f"auto_{len(earlier) + 1}", app_label)
        migration.initial = app_label not in self.existing_apps
        migration.operations = operations
        migration.dependencies = [
            self._migration_for(dependency, graph)
            for operation in operations
            for dependency in operation._auto_deps
            if self._resolve_dependency(dependency)[0].app_label != app_label
        ]
        earlier.append(migration)

    def _migration_for(
        self, dependency: OperationDependency, graph: MigrationGraph | None
    ) -> tuple[str, str]:
        resolved, is_swappable = self._resolve_dependency(dependency)
        if is_swappable:
            return dependency.app_label, dependency.model_name
        if resolved.app_label in self.migrations:
            return resolved.app_label, self.migrations[resolved.app_label][-1].name
        leaves = graph.leaf_nodes(resolved.app_label) if graph else []
        return leaves[0] if leaves else (resolved.app_label, "__first__")

    def _optimize_migrations(self) -> None:
        """Give a new table its columns in the model's order; Django puts foreign keys last."""
        super()._optimize_migrations()
        for app_label, migrations in self.migrations.items():
            for migration in migrations:
                migration.operations = whole_tables(migration.operations)
                for operation in migration.operations:
                    if isinstance(operation, CreateModel):
                        model = self.to_state.models[app_label, operation.name_lower]
                        order = list(model.fields)
                        operation.fields.sort(key=lambda field: order.index(field[0]))


class MigrationAutodetector(EnumAutodetector, WholeAppsAutodetector):
    """The autodetector of makemigrations and migrate."""


def whole_tables(operations: list[Operation]) -> list[Operation]:
    """`operations`, in which a new table comes with its indexes and constraints.

    Django does this only where no other model is created in between: it takes an index for
    something that may refer to any model. Each that stays behind costs `migrate` the rendering of
    all related models once more.
    """
    models: dict[str, CreateModel] = {}
    others: list[Operation] = []
    for operation in operations:
        if isinstance(operation, CreateModel):
            models[operation.name_lower] = operation
        elif isinstance(operation, (AddIndex, AddConstraint)):
            item = operation.index if isinstance(operation, AddIndex) else operation.constraint
            model = models.get(operation.model_name_lower)
            if model and named_fields(item) <= {name for name, _ in model.fields}:
                items = [*model.options.get(operation.option_name, ()), item]
                model.options = {**model.options, operation.option_name: items}
                continue
        others.append(operation)
    return others


def _reach(needs: dict[str, set[str]], start: str) -> set[str]:
    """All that `start` needs, directly or through others."""
    found: set[str] = set()
    frontier = needs.get(start, set())
    while frontier := frontier - found:
        found |= frontier
        frontier = {further for app_label in frontier for further in needs.get(app_label, ())}
    return found


def _fails_on_rows(operation: Operation) -> bool:
    """Whether `operation` cannot be applied to a table that has rows."""
    if not isinstance(operation, AddField):
        return False
    field: Any = operation.field
    return not (field.null or field.many_to_many or field.has_default() or field.has_db_default())
