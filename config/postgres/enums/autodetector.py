"""makemigrations: enum types come, change and go with the fields that use them."""

from collections.abc import Callable, Collection, Iterator
from enum import Enum, auto
from typing import Any

from django.db.migrations import autodetector
from django.db.migrations.autodetector import OperationDependency
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.operations import (
    RemoveConstraint,
    RemoveIndex,
    RenameField,
    RenameModel,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from config.postgres.enums.field import enum_field
from config.postgres.enums.label_changes import (
    ask_renamed_labels,
    ask_renamed_type,
    label_operations,
)
from config.postgres.enums.operations import (
    AddEnumValue,
    AlterEnum,
    CreateEnum,
    DropEnum,
    EnumOperation,
    RenameEnum,
    RenameEnumValue,
)

type Key = tuple[str, str]
"""App label and name of a model."""
type EnumTypes = dict[str, tuple[str, tuple[str, ...]]]
"""By type name: the label of the app that owns the type, and the type's labels."""

FINAL = (AlterEnum, DropEnum)
"""What waits until nothing uses a label, or the type, any more."""


class Needs(Enum):
    """What an operation waits for in another app."""

    READY = auto()
    """The type is there, with the labels that are added or renamed."""
    RELEASED = auto()
    """Nothing uses any more what goes."""


class EnumDependency(OperationDependency):
    """On operations that concern the enum type `model_name`."""

    type: Needs


class EnumAutodetector(autodetector.MigrationAutodetector):
    """Creates the enum types that models begin to use, changes them, drops those no model uses."""

    def _detect_changes(
        self, convert_apps: Collection[str] | None = None, graph: MigrationGraph | None = None
    ) -> Any:
        """Compare the models as if all enum types had been changed already."""
        self.from_state = self.from_state.clone()
        skipped = set(self.from_state.real_apps) - set(convert_apps or ())
        self.enum_operations: list[tuple[str, EnumOperation]] = []
        old = enum_types(self.from_state, _is_managed)
        new = enum_types(
            self.to_state, lambda state, key: _is_managed(state, key) and key[0] not in skipped
        )
        self._detect_renamed_types(old, new)
        for name in [name for name in new if name in old]:
            self._detect_changed_labels(name, old[name][1], *new[name])
        self.enum_users = _users(self.from_state, self.to_state)
        return super()._detect_changes(convert_apps, graph)

    def _detect_renamed_types(self, old: EnumTypes, new: EnumTypes) -> None:
        appeared = [name for name in new if name not in old]
        for gone in [name for name in old if name not in new]:
            labels = old[gone][1]
            candidates = [name for name in appeared if set(labels) & set(new[name][1])]
            for name in sorted(candidates, key=lambda name: new[name][1] != labels):
                if ask_renamed_type(self.questioner, gone, name, new[name][1] == labels):
                    self._change_enum(new[name][0], RenameEnum(gone, name))
                    old[name] = old.pop(gone)
                    appeared.remove(name)
                    break

    def _detect_changed_labels(
        self, name: str, old: tuple[str, ...], app_label: str, new: tuple[str, ...]
    ) -> None:
        if old != new:
            renamed = ask_renamed_labels(self.questioner, name, old, new)
            for operation in label_operations(name, old, new, renamed):
                self._change_enum(app_label, operation)

    def _change_enum(self, app_label: str, operation: EnumOperation) -> None:
        operation.state_forwards(app_label, self.from_state)
        self.enum_operations.append((app_label, operation))

    def generate_created_models(self) -> None:
        for app_label, operation in self.enum_operations:
            self.add_operation(app_label, operation)
        self.generate_created_enums()
        self.generate_dropped_enums()
        super().generate_created_models()

    def generate_created_enums(self) -> None:
        old = enum_types(self.from_state)
        new = enum_types(self.to_state, lambda _, key: key in self.new_model_keys)
        for name, (app_label, labels) in new.items():
            if name not in old:
                self.add_operation(app_label, CreateEnum(name, labels))

    def generate_dropped_enums(self) -> None:
        wanted = self.new_model_keys | self.new_unmanaged_keys
        new = enum_types(self.to_state, lambda _, key: key in wanted)
        for name, (app_label, labels) in enum_types(self.from_state, _is_managed).items():
            if name not in new:
                self.add_operation(app_label, DropEnum(name, labels))

    def _sort_migrations(self) -> None:
        """Within an app a type is made ready before all that may use it, and goes after it."""
        super()._sort_migrations()
        for app_label, operations in self.generated_operations.items():
            has_renamed = any(isinstance(operation, RenameEnumValue) for operation in operations)
            operations.sort(key=lambda operation: _rank(operation, has_renamed))
            for operation in operations:
                operation._auto_deps = [
                    *operation._auto_deps,
                    *self._enum_dependencies(app_label, operation),
                ]

    def _enum_dependencies(self, app_label: str, operation: Operation) -> Iterator[EnumDependency]:
        """The same between apps, for a type that moves to another, or that several use."""
        for name, (before, after) in self.enum_users.items():
            others = sorted((before | after) - {app_label})
            is_of_other_type = isinstance(operation, EnumOperation) and operation.name != name
            if app_label not in before | after or is_of_other_type:
                continue
            for other in others:
                if isinstance(operation, FINAL):
                    yield EnumDependency(other, name, None, Needs.RELEASED)
                elif self._is_changed(other, name) or (app_label not in before and other in before):
                    yield EnumDependency(other, name, None, Needs.READY)

    def _is_changed(self, app_label: str, name: str) -> bool:
        dependency = EnumDependency(app_label, name, None, Needs.READY)
        operations = self.generated_operations.get(app_label, [])
        return any(self.check_dependency(operation, dependency) for operation in operations)

    def check_dependency(self, operation: Operation, dependency: OperationDependency) -> bool:
        if not isinstance(dependency, EnumDependency):
            return super().check_dependency(operation, dependency)
        if dependency.type == Needs.RELEASED:
            return not isinstance(operation, FINAL)
        return (
            isinstance(operation, EnumOperation)
            and not isinstance(operation, FINAL)
            and operation.name == dependency.model_name
        )

    def _add_migration(
        self, app_label: str, operations: list[Operation], graph: MigrationGraph | None
    ) -> None:
        """Add labels, and remove or reorder them, in migrations of their own.

        A transaction cannot use a label that it adds. What replaces a type rewrites tables, and may
        be refused: then what was done before should be there, under the names that it speaks of.
        """
        kinds = [type(operation) for operation in operations]
        first = len(kinds) - kinds[::-1].index(AddEnumValue) if AddEnumValue in kinds else 0
        last = kinds.index(AlterEnum) if AlterEnum in kinds else len(kinds)
        for part in (operations[:first], operations[first:last], operations[last:]):
            if part:
                super()._add_migration(app_label, part, graph)


def _rank(operation: Operation, has_renamed: bool) -> int:
    """When an operation's turn is, among those of its app.

    A condition that names a label is dropped under the label's old name and made under its new one,
    so that it works backwards, too.
    """
    for rank, kinds in enumerate(ORDER):
        if isinstance(operation, kinds) and (has_renamed or kinds is not BEFORE_RENAMING):
            return rank
    return ORDER.index(())


BEFORE_RENAMING = (RemoveConstraint, RemoveIndex, RenameField, RenameModel)
ORDER: tuple[tuple[type[Operation], ...], ...] = (
    (RenameEnum,),
    (AddEnumValue,),
    (CreateEnum,),
    BEFORE_RENAMING,
    (RenameEnumValue,),
    (),  # everything else
    (DropEnum,),
    (AlterEnum,),
)


def _is_managed(state: ProjectState, key: Key) -> bool:
    managed: bool = state.models[key].options.get("managed", True)
    return managed


def enum_types(
    state: ProjectState, is_wanted: Callable[[ProjectState, Key], bool] = lambda *_: True
) -> EnumTypes:
    """The enum types that models use in `state`, in the models' order."""
    return {
        enum.type_name: (key[0], enum.labels)
        for key, model in state.models.items()
        if is_wanted(state, key)
        for field in model.fields.values()
        if (enum := enum_field(field))
    }


def _users(before: ProjectState, after: ProjectState) -> dict[str, tuple[set[str], set[str]]]:
    """By type name, the apps that use the type before and after."""
    users: dict[str, tuple[set[str], set[str]]] = {}
    for index, state in enumerate((before, after)):
        for (app_label, _), model in state.models.items():
            for field in model.fields.values():
                if enum := enum_field(field):
                    users.setdefault(enum.type_name, (set(), set()))[index].add(app_label)
    return users
