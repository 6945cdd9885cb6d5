"""All that a rollback drops and changes, and which operation does it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.migrations import Migration
from django.db.migrations.operations import RunPython, RunSQL
from django.db.migrations.operations.base import Operation

from config.postgres.catalog import Address
from config.rollback.inventory import HOLDS_ROWS, HOLDS_VALUES, DroppedObject, ObjectName
from config.rollback.row_changes import RowChanges

ORDER = {HOLDS_ROWS: "", HOLDS_VALUES: " "}
"""What sorts the kinds that hold something before the others."""


@dataclass(frozen=True)
class UndoneOperation:
    """An operation that is undone, with the objects that this drops."""

    operation: Operation
    objects: Sequence[DroppedObject] = ()

    @property
    def runs_code(self) -> bool:
        """Return whether undoing it runs code or SQL of a developer, which may do anything.

        The code of Django's own migrations destroys nothing.
        """
        operation = self.operation
        if isinstance(operation, RunPython):
            code = operation.reverse_code
            is_djangos = getattr(code, "__module__", "").startswith("django.")
            return code not in (None, RunPython.noop) and not is_djangos
        return isinstance(operation, RunSQL) and operation.reverse_sql not in (None, RunSQL.noop)


class UndoneMigration(NamedTuple):
    """A migration with its operations, in the order in which they are undone."""

    migration: Migration
    operations: Sequence[UndoneOperation]


@dataclass(frozen=True)
class Dropped:
    """All that a rollback removes, by the names from before the rollback."""

    migrations: Sequence[UndoneMigration]
    objects: Sequence[DroppedObject]
    """What the operations drop, and the record of migrations if that goes as well."""
    vanished: frozenset[Address]
    """The same with all parts, and with what is made again at once."""
    altered: Collection[Address]
    """What stays, but not as it was."""
    unbacked: Sequence[str]
    """What stays, but not as it was, and is in no backup."""
    made: Collection[ObjectName]
    """The new names, such as that of the table of a model that was deleted or renamed."""
    locked: Collection[int]
    """The relations that no other session may use meanwhile."""
    rows: RowChanges
    """The rows of tables that stay."""

    @property
    def kinds(self) -> list[str]:
        """The kinds of the objects, those with rows and values first."""
        return sorted({obj.kind for obj in self.objects}, key=lambda kind: ORDER.get(kind, kind))

    def of_kind(self, kind: str) -> list[DroppedObject]:
        return [obj for obj in self.objects if obj.kind == kind]

    @property
    def runs_code(self) -> bool:
        return any(each.runs_code for _, operations in self.migrations for each in operations)

    @property
    def changed(self) -> set[Address]:
        """Everything that has to be in a backup, apart from the tables whose rows go."""
        return {*self.vanished, *self.altered}

    @property
    def written(self) -> set[int]:
        """The tables whose rows go or are changed."""
        return {obj.address.oid for obj in self.objects if obj.holds_data} | {*self.rows.tables}
