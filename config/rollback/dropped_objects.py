"""The objects and rows that a rollback removes or changes, by operation."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation

from config.postgres import undoing_runs_code
from config.postgres.catalog import Address
from config.rollback.inventory import HOLDS_ROWS, HOLDS_VALUES, DroppedObject, ObjectName
from config.rollback.row_changes import RowChanges

ORDER = {HOLDS_ROWS: "", HOLDS_VALUES: " "}
"""The sort keys that put the kinds with rows or values first."""


@dataclass(frozen=True)
class UndoneOperation:
    """An operation, and the objects that are dropped by undoing the operation."""

    operation: Operation
    objects: Sequence[DroppedObject] = ()

    @property
    def runs_code(self) -> bool:
        return undoing_runs_code(self.operation)


class UndoneMigration(NamedTuple):
    """A migration, and its operations in the order of undoing."""

    migration: Migration
    operations: Sequence[UndoneOperation]


@dataclass(frozen=True)
class Dropped:
    """Everything that a rollback removes or changes, under the names from before the rollback."""

    migrations: Sequence[UndoneMigration]
    objects: Sequence[DroppedObject]
    """The objects that the operations drop, and the table of migration records if it is dropped."""
    vanished: frozenset[Address]
    """The `objects`, their parts, and the objects that are dropped and created again."""
    altered: Collection[Address]
    """The objects that are renamed or altered."""
    unbacked: Sequence[str]
    """Descriptions of changes to objects that no backup contains."""
    created: Collection[ObjectName]
    """The new objects, such as the table of a model that a migration had deleted or renamed."""
    locked: Collection[int]
    """The relations that are locked in the mode ACCESS EXCLUSIVE."""
    rows: RowChanges
    """The changed rows of tables that stay."""

    @property
    def kinds(self) -> list[str]:
        """The kinds of the objects. Kinds with rows or values come first."""
        return sorted({obj.kind for obj in self.objects}, key=lambda kind: ORDER.get(kind, kind))

    def of_kind(self, kind: str) -> list[DroppedObject]:
        return [obj for obj in self.objects if obj.kind == kind]

    @property
    def runs_code(self) -> bool:
        return any(each.runs_code for _, operations in self.migrations for each in operations)

    @property
    def changed(self) -> set[Address]:
        """The objects that a backup must contain."""
        written = (Address("pg_class", oid) for oid in self.written)
        return {*self.vanished, *self.altered, *written}

    @property
    def written(self) -> set[int]:
        """The tables whose rows or values are deleted or changed, and other dropped relations.

        Read `vanished`, because `objects` lack inherited columns.
        """
        dropped = {address.oid for address in self.vanished if address.catalog == "pg_class"}
        return dropped.union(self.rows.tables)
