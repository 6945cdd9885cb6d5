"""The effect of later operations of a migration plan on its enum operations."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from django.db.migrations import Migration, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation

from config.postgres.enums.enum_operation import EnumOperation
from config.postgres.enums.operations import (
    LOOKAHEAD,
    AddEnumValue,
    AlterEnum,
    CreateEnum,
    DropEnum,
    Lookahead,
    RenameEnum,
    RenameEnumValue,
)
from config.postgres.migration_plan import Plan, undoing_runs_code


class EnumLabel(NamedTuple):
    """A label of an enum type."""

    type_name: str
    label: str


@contextmanager
def running(plan: Plan) -> Iterator[None]:
    """Set LOOKAHEAD for `plan` while the plan runs."""
    followed = frozenset(
        operation
        for migration, backwards in plan
        if not backwards
        for operation in database_operations(migration.operations)
        if is_followed(migration, operation)
    )
    token = LOOKAHEAD.set(Lookahead(followed, _dropped_later(_unapplied_operations(plan))))
    try:
        yield
    finally:
        LOOKAHEAD.reset(token)


def is_followed(migration: Migration, operation: Operation) -> bool:
    """Return whether later operations of the transaction may use the label that is added."""
    operations = list(database_operations(migration.operations))
    if not (migration.atomic and isinstance(operation, AddEnumValue) and operation in operations):
        return False
    rest = operations[operations.index(operation) + 1 :]
    return not all(isinstance(item, EnumOperation) for item in rest)


def replaced_types(plan: Plan) -> Iterator[str]:
    """Yield the names of the types that `plan` replaces to change their labels."""
    dropped = _dropped_later(_unapplied_operations(plan))
    for migration, backwards in plan:
        for operation in database_operations(migration.operations):
            if isinstance(operation, AlterEnum):
                yield operation.name
            elif isinstance(operation, AddEnumValue):
                is_removed = backwards and operation not in dropped
                if is_removed or (not backwards and is_followed(migration, operation)):
                    yield operation.name


def removed_labels(plan: Plan) -> Iterator[EnumLabel]:
    """Yield the present names of the labels that `plan` removes by unapplying migrations.

    Stop at the first operation with custom code, because the code may change the labels in use.
    """
    unapplied = _unapplied_operations(plan)
    dropped = _dropped_later(unapplied)
    present_types: dict[str, str] = {}
    present_labels: dict[EnumLabel, str] = {}
    for operation in unapplied:
        if undoing_runs_code(operation):
            return
        if not isinstance(operation, EnumOperation):
            continue
        name = present_types.get(operation.name, operation.name)
        if isinstance(operation, (CreateEnum, DropEnum)):
            present_types[operation.name] = ""  # an earlier type of that name no longer exists
        elif isinstance(operation, RenameEnum):
            present_types[operation.old_name] = name
        elif isinstance(operation, RenameEnumValue):
            label = present_labels.get(EnumLabel(name, operation.new), operation.new)
            present_labels[EnumLabel(name, operation.old)] = label
        elif isinstance(operation, AddEnumValue) and name and operation not in dropped:
            label = present_labels.get(EnumLabel(name, operation.label), operation.label)
            yield EnumLabel(name, label)


def _unapplied_operations(plan: Plan) -> list[Operation]:
    """Return the operations that `plan` unapplies, in the order of unapplying."""
    return [
        operation
        for migration, backwards in plan
        if backwards
        for operation in reversed([*database_operations(migration.operations)])
    ]


def database_operations(operations: Sequence[Operation]) -> Iterator[Operation]:
    """Yield the operations that change the database, also from SeparateDatabaseAndState."""
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from database_operations(operation.database_operations)
        else:
            yield operation


def _dropped_later(unapplied: Sequence[Operation]) -> frozenset[Operation]:
    """Return the operations on enum types whose CreateEnum is unapplied later."""
    found: set[Operation] = set()
    dropped: set[str] = set()
    for operation in reversed(unapplied):
        if isinstance(operation, EnumOperation) and operation.name in dropped:
            found.add(operation)
        if isinstance(operation, CreateEnum):
            dropped.add(operation.name)
        elif isinstance(operation, RenameEnum) and operation.old_name in dropped:
            dropped.remove(operation.old_name)
            dropped.add(operation.new_name)
    return frozenset(found)
