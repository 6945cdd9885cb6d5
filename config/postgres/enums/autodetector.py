"""The autodetector of makemigrations with enum types."""

from collections.abc import Callable, Collection, Iterator
from copy import copy
from typing import Any, NamedTuple

from django.db.migrations import Migration, autodetector
from django.db.migrations.autodetector import OperationDependency
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.operations import (
    AddConstraint,
    AddIndex,
    DeleteModel,
    RemoveConstraint,
    RemoveField,
    RemoveIndex,
    RenameField,
    RenameModel,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from config.postgres.enums.autodetector_labels import (
    ask_renamed_labels,
    ask_renamed_type,
    label_operations,
)
from config.postgres.enums.enum_operation import EnumOperation
from config.postgres.enums.field import enum_field
from config.postgres.enums.operations import (
    AddEnumValue,
    AlterEnum,
    CreateEnum,
    DropEnum,
    RenameEnum,
    RenameEnumValue,
)
from config.postgres.partition_declaration import MonthlyPartitions


class DeclaredType(NamedTuple):
    """An enum type as models declare it."""

    app_label: str
    """The app that owns the type."""
    labels: tuple[str, ...]


type DeclaredTypes = dict[str, DeclaredType]
"""Declared enum types by name."""

REMOVALS = (AlterEnum, DropEnum)
"""The operations that come last, when nothing uses the removed label or type any longer."""


class EnumDependency(OperationDependency):
    """A dependency on another app's operations on the enum type `model_name`.

    CREATE: the type must exist, with its added and renamed labels. REMOVE: the other app must no
    longer use the type or label that an operation in REMOVALS removes.
    """


class EnumAutodetector(autodetector.MigrationAutodetector):
    """An autodetector that creates, changes and drops enum types with the fields that use them."""

    def _detect_changes(
        self, convert_apps: Collection[str] | None = None, graph: MigrationGraph | None = None
    ) -> Any:
        """Apply the changes of enum types to the old state, and then compare the models."""
        self.from_state = self.from_state.clone()
        skipped = set(self.from_state.real_apps) - set(convert_apps or ())
        self.enum_operations: list[tuple[str, EnumOperation]] = []
        old = enum_types(self.from_state, _is_managed)
        # Unmanaged models keep a type, but neither create nor change it.
        wanted = enum_types(self.to_state, lambda key, _: key[0] not in skipped)
        new = enum_types(
            self.to_state, lambda key, model: _is_managed(key, model) and key[0] not in skipped
        )
        self._detect_renamed_types(old, new)
        for name, declared in new.items():
            if name in old:
                self._detect_changed_labels(name, old[name].labels, declared)
        present = enum_types(self.from_state)
        for name, (app_label, labels) in new.items():
            if name not in present:
                self.enum_operations.append((app_label, CreateEnum(name, labels)))
        for name, (app_label, labels) in enum_types(self.from_state, _is_managed).items():
            if name not in wanted:
                self.enum_operations.append((app_label, DropEnum(name, labels)))
        self.users_before = _apps_by_type(self.from_state)
        self.users_after = _apps_by_type(self.to_state)
        return super()._detect_changes(convert_apps, graph)

    def generate_deleted_models(self) -> None:
        """Delete models together with their partitions and their links to parent models.

        Partitions cannot be removed before their table. If a link is removed before its model,
        Django creates a second link when the migration is unapplied.
        """
        new = self.new_model_keys | self.new_unmanaged_keys
        links: set[tuple[str, str, str]] = set()
        for key in (self.old_model_keys | self.old_unmanaged_keys) - new:
            model = self.from_state.models[key]
            rules = model.options.get("constraints", [])
            model.options["constraints"] = [
                rule for rule in rules if not isinstance(rule, MonthlyPartitions)
            ]
            for name in _links_to_parents(model):
                del model.fields[name]
                links.add((*key, name))
        super().generate_deleted_models()
        for app_label, operations in self.generated_operations.items():
            for operation in operations:
                operation._auto_deps += _dependencies_on_removals(app_label, operation)
                if isinstance(operation, DeleteModel):
                    relations = self.from_state.relations[app_label, operation.name_lower]
                    operation._auto_deps += [
                        OperationDependency(app, child, None, OperationDependency.Type.REMOVE)
                        for (app, child), fields in relations.items()
                        if any((app, child, name) in links for name in fields)
                    ]

    def _detect_renamed_types(self, old: DeclaredTypes, new: DeclaredTypes) -> None:
        appeared = [name for name in new if name not in old]
        for missing in [name for name in old if name not in new]:
            labels = old[missing].labels
            candidates = [name for name in appeared if set(labels) & set(new[name].labels)]
            # Ask about a type with the same labels first.
            for name in sorted(candidates, key=lambda name: new[name].labels != labels):
                if ask_renamed_type(self.questioner, missing, name, new[name].labels == labels):
                    self._change_enum(new[name].app_label, RenameEnum(missing, name))
                    old[name] = old.pop(missing)
                    appeared.remove(name)
                    break

    def _detect_changed_labels(self, name: str, old: tuple[str, ...], new: DeclaredType) -> None:
        if old != new.labels:
            renamed = ask_renamed_labels(self.questioner, name, old, new.labels)
            for operation in label_operations(name, old, new.labels, renamed):
                self._change_enum(new.app_label, operation)

    def _change_enum(self, app_label: str, operation: EnumOperation) -> None:
        operation.state_forwards(app_label, self.from_state)
        self.enum_operations.append((app_label, operation))

    def generate_created_models(self) -> None:
        for app_label, operation in self.enum_operations:
            self.add_operation(app_label, operation)
        super().generate_created_models()

    def _sort_migrations(self) -> None:
        """Sort the operations of each app, so that a type is ready before it is used."""
        for operations in self.generated_operations.values():
            for operation in operations:
                if isinstance(operation, RenameModel):
                    operation._auto_deps = [*self._dependencies_of_renaming(operation)]
        super()._sort_migrations()
        for app_label, operations in self.generated_operations.items():
            has_renamed = any(isinstance(operation, RenameEnumValue) for operation in operations)
            operations.sort(key=lambda operation: _rank(operation, has_renamed))
            for operation in operations:
                operation._auto_deps = [
                    *operation._auto_deps,
                    *self._enum_dependencies(app_label, operation),
                ]

    def _dependencies_of_renaming(self, operation: Operation) -> Iterator[OperationDependency]:
        """Yield the dependencies of a RenameModel, except those on new models.

        New models refer to the renamed model by its new name. check_dependency() ensures that they
        are created after the renaming.
        """
        for needed in operation._auto_deps:
            key = needed.app_label, needed.model_name_lower
            if old_name := self.renamed_models.get(key):
                yield needed._replace(model_name=old_name)
            elif key not in self.to_state.models or key in self.from_state.models:
                yield needed

    def _enum_dependencies(self, app_label: str, operation: Operation) -> Iterator[EnumDependency]:
        """Yield the dependencies on other apps that use the same types in the old or new state."""
        for name in sorted(self.users_before.keys() | self.users_after.keys()):
            before, after = self.users_before.get(name, set()), self.users_after.get(name, set())
            is_of_other_type = isinstance(operation, EnumOperation) and operation.name != name
            if app_label not in before | after or is_of_other_type:
                continue
            for other in sorted((before | after) - {app_label}):
                ready = EnumDependency(other, name, None, OperationDependency.Type.CREATE)
                changes = self.generated_operations.get(other, [])
                had_type_first = other in before and app_label not in before
                if isinstance(operation, REMOVALS):
                    yield EnumDependency(other, name, None, OperationDependency.Type.REMOVE)
                elif had_type_first or any(self.check_dependency(item, ready) for item in changes):
                    yield ready

    def check_dependency(self, operation: Operation, dependency: OperationDependency) -> bool:
        if not isinstance(dependency, EnumDependency):
            needs_model = dependency.type == OperationDependency.Type.CREATE
            if needs_model and not dependency.field_name and isinstance(operation, RenameModel):
                return operation.new_name_lower == dependency.model_name_lower
            return super().check_dependency(operation, dependency)
        if dependency.type == OperationDependency.Type.REMOVE:
            return not isinstance(operation, REMOVALS)
        return (
            isinstance(operation, EnumOperation)
            and not isinstance(operation, REMOVALS)
            and operation.name == dependency.model_name
        )

    def _optimize_migrations(self) -> None:
        """Put additions and removals of labels into separate migrations."""
        for app_label, migrations in self.migrations.items():
            self.migrations[app_label] = [
                part for migration in migrations for part in _split_migration(migration)
            ]
        super()._optimize_migrations()


def _split_migration(migration: Migration) -> Iterator[Migration]:
    """Yield the parts up to the last AddEnumValue, up to the first AlterEnum, and the rest.

    A transaction cannot use a label that it has added. An AlterEnum may be refused. The operations
    before the AlterEnum are committed first, so that its message has the present names of columns.
    """
    operations = migration.operations
    kinds = [type(operation) for operation in operations]
    first = len(kinds) - kinds[::-1].index(AddEnumValue) if AddEnumValue in kinds else 0
    last = kinds.index(AlterEnum) if AlterEnum in kinds else len(kinds)
    parts = [
        part for part in (operations[:first], operations[first:last], operations[last:]) if part
    ]
    for number, part in enumerate(parts, start=1):
        piece = copy(migration)
        piece.operations, piece.dependencies = part, [*migration.dependencies]
        if number < len(parts):  # other apps depend on the last part, which keeps the name
            piece.name = f"{migration.name}_{number}"
        yield piece


def _rank(operation: Operation, has_renamed: bool) -> int:
    """Return the position of `operation` in ORDER.

    A condition that names a label is dropped before the label is renamed, and created afterwards,
    so that the migration can be unapplied.
    """
    for rank, kinds in enumerate(ORDER):
        if isinstance(operation, kinds) and (has_renamed or kinds is not BEFORE_RENAMING):
            return rank
    return ORDER.index(())


def _links_to_parents(model: ModelState) -> list[str]:
    return [
        name
        for name, field in model.fields.items()
        if field.remote_field and getattr(field.remote_field, "parent_link", False)
    ]


def _dependencies_on_removals(
    app_label: str, operation: Operation
) -> Iterator[OperationDependency]:
    """Yield dependencies by which constraints and indexes are removed before fields and models."""
    if isinstance(operation, (DeleteModel, RemoveField)):
        name = operation.name if isinstance(operation, DeleteModel) else operation.model_name
        for kind in ("ALTER_FOO_TOGETHER", "REMOVE_INDEX_OR_CONSTRAINT"):
            yield OperationDependency(app_label, name, "", OperationDependency.Type[kind])


BEFORE_RENAMING = (RemoveConstraint, RemoveIndex, RenameField, RenameModel)
ORDER: tuple[tuple[type[Operation], ...], ...] = (
    (RenameEnum,),
    (AddEnumValue,),
    (CreateEnum,),
    BEFORE_RENAMING,
    (RenameEnumValue,),
    (),  # everything else
    (AddIndex, AddConstraint),  # Django records no dependency on their fields
    (DropEnum,),
    (AlterEnum,),
)


def _is_managed(key: tuple[str, str], model: ModelState) -> bool:
    return bool(model.options.get("managed", True))


def enum_types(
    state: ProjectState,
    is_wanted: Callable[[tuple[str, str], ModelState], bool] = lambda *_: True,
) -> DeclaredTypes:
    """Return the enum types of the models in `state` for which `is_wanted` returns True."""
    return {
        enum.type_name: DeclaredType(key[0], enum.labels)
        for key, model in state.models.items()
        if is_wanted(key, model)
        for field in model.fields.values()
        if (enum := enum_field(field))
    }


def _apps_by_type(state: ProjectState) -> dict[str, set[str]]:
    """Return the apps that use each enum type, by the name of the type."""
    apps: dict[str, set[str]] = {}
    for (app_label, _), model in state.models.items():
        for field in model.fields.values():
            if enum := enum_field(field):
                apps.setdefault(enum.type_name, set()).add(app_label)
    return apps
