"""The migration files to run in place of a dangerous migration.

The migration is divided into parts. A part is an operation or a migration of its alternative. Parts
that may run in one transaction share a file.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from django.db.migrations import (
    AddField,
    AlterField,
    CreateModel,
    DeleteModel,
    Migration,
    RemoveField,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.fields import FieldOperation

from config.hazards.alternatives.migration_files import (
    AFTERWARDS,
    NEXT,
    NOW,
    NewMigration,
    migration_files,
)
from config.hazards.errors import on_one_line
from config.hazards.operation_hazards import OperationHazards, reasons_of
from config.hazards.operation_sql import OperationSQL, read_operations
from config.postgres import AlterEnum, DropEnum
from config.postgres.enums import is_followed


def replacement_files(found: Sequence[OperationHazards]) -> list[str]:
    """Return the files to run in place of the migration that has the hazards `found`.

    Operations without an alternative stay unchanged. Return no files if no operation has an
    alternative. Return none for a squashed migration, because a database that has applied the
    original migrations must not run the new files.
    """
    migration = found[0].migration
    if migration.replaces or not any(item.alternative.migrations for item in found if item.dangers):
        return []
    try:
        return [*migration_files(migration, _joined(_parts(found)))]
    except Exception as error:  # the writer cannot serialize every value, such as a lambda
        return [f"# No file can be written. {on_one_line(error)}"]


def _parts(found: Sequence[OperationHazards]) -> list[NewMigration]:
    """Return the parts of the migration in order, with the parts for the next release at the end.

    Each alternative starts from the state after the preceding parts.
    """
    migration, first = found[0].migration, found[0].operation
    begin = migration.operations.index(first.listed)
    parts = [_kept(found, operation) for operation in migration.operations[:begin]]
    state = first.before.clone()
    for number, listed in enumerate(migration.operations[begin:], begin + 1):
        operations = [
            replace(operation, migration=migration)
            for operation in read_operations(
                first.connection, migration.app_label, [listed], state.clone()
            )
        ]
        rest = migration.operations[number:]
        new = _rewritten(found, listed, operations, rest) or [_kept(found, listed)]
        # An enum type is changed or dropped after the columns that the next release drops.
        if isinstance(listed, (AlterEnum, DropEnum)) and any(part.when == NEXT for part in parts):
            new = [replace(part, when=NEXT) for part in new]
        before_next = (part.operations for part in new if part.when != NEXT)
        for operation in chain.from_iterable(before_next):
            operation.state_forwards(migration.app_label, state)
        parts += new
    return sorted(parts, key=lambda part: part.when == NEXT)


def _kept(found: Sequence[OperationHazards], operation: Operation) -> NewMigration:
    """Return a migration with the unchanged operation, and the reasons to accept its hazards."""
    migration = found[0].migration
    of_operation = (item for item in found if item.operation.listed is operation)
    codes = {hazard.code for item in of_operation for hazard in item.accepted}
    accepted = {code: text for code, text in reasons_of(migration).items() if code in codes}
    return NewMigration(NOW, [operation], bool(migration.atomic), accepted)


def _rewritten(
    found: Sequence[OperationHazards],
    listed: Operation,
    operations: Sequence[OperationSQL],
    rest: Sequence[Operation],
) -> list[NewMigration]:
    """Return the migrations to run instead of `listed`, which consists of `operations`."""
    kept: list[Operation] = []
    parts: list[NewMigration] = []
    for operation in operations:
        new = _alternative(found, operation, rest)
        if any(listed in part.operations for part in new):
            return [*new]
        if parts and not new:  # the operation may depend on a part that is now in another file
            return []
        parts += new
        if not new:
            kept.append(operation.change)
    if parts and isinstance(listed, SeparateDatabaseAndState):
        if kept:
            parts = [NewMigration(NOW, [SeparateDatabaseAndState(kept)]), *parts]
        state = SeparateDatabaseAndState(state_operations=listed.state_operations)
        parts[-1] = replace(parts[-1], operations=[*parts[-1].operations, state])
    return parts


def _alternative(
    found: Sequence[OperationHazards], operation: OperationSQL, rest: Sequence[Operation]
) -> Sequence[NewMigration]:
    for item in found:
        if item.operation.change is operation.change and item.dangers:
            migrations = item.alternative_to(operation).migrations
            waits = any(part.when == NEXT for part in migrations)
            return () if waits and _is_used(operation, rest) else migrations
    return ()


def _is_used(operation: OperationSQL, rest: Iterable[Operation]) -> bool:
    """Return whether one of the later operations in `rest` needs `operation` to run first."""
    return any(_needs(later, operation.change, operation.app_label) for later in rest)


def _needs(later: Any, change: Any, app_label: str) -> bool:
    if isinstance(change, DeleteModel):
        return isinstance(later, CreateModel) and later.name_lower == change.name_lower
    kinds: dict[type[Operation], Any] = {
        AddField: FieldOperation,
        RemoveField: AddField,
        AlterField: Operation,
    }
    kind = kinds.get(type(change), ())
    if isinstance(later, DeleteModel) or not isinstance(later, kind):
        return False
    return bool(later.references_field(change.model_name, change.name, app_label))


def _joined(parts: Iterable[NewMigration]) -> list[NewMigration]:
    """Return the parts, with neighbours merged if they may share a file."""
    joined: list[NewMigration] = []
    for part in parts:
        if joined and _may_share(joined[-1], part):
            before = joined[-1]
            operations = [*before.operations, *part.operations]
            accepted = {**before.accepted, **part.accepted}
            joined[-1] = replace(before, operations=operations, accepted=accepted)
        else:
            joined.append(part)
    return [
        replace(part, when=AFTERWARDS if place else NOW) if part.when in (NOW, AFTERWARDS) else part
        for place, part in enumerate(joined)
    ]


def _may_share(one: NewMigration, other: NewMigration) -> bool:
    """Return whether both may run in one transaction."""
    migration: Any = Migration("", "")
    migration.operations = [*one.operations, *other.operations]
    return (
        one.atomic
        and other.atomic
        and one.when.startswith(NOW)
        and other.when.startswith(NOW)
        # A transaction cannot use a label that it adds.
        and not any(is_followed(migration, operation) for operation in one.operations)
    )
