"""The trace of unapplied migrations: the objects that vanish with each operation."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation

from config.postgres.catalog import Address
from config.rollback.inventory import (
    ObjectName,
    read_identities,
    read_inventory,
    read_locked,
    read_object_names,
)
from config.rollback.unbacked import read_unbacked
from config.rollback.versions import read_versions


class TracedOperation(NamedTuple):
    """An undone operation, and the objects that vanished with it."""

    migration: Migration
    operation: Operation
    vanished: frozenset[Address]


class VanishedObjects:
    """The objects of the database at the start, and the objects that have vanished since then."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.before = self.now = read_inventory(connection)
        self.vanished: frozenset[Address] = frozenset()
        """All objects that have vanished, with their parts."""
        self.locked: set[int] = set()
        """The relations that this transaction has locked in the mode ACCESS EXCLUSIVE."""

    def finish(self) -> None:
        """Note all objects that have vanished."""
        self.now = read_inventory(self.connection)
        locked = read_locked(self.connection)
        # Leave out objects dropped by other sessions. This session locks the objects that it drops.
        missing = self.before - self.now
        self.vanished = frozenset(address for address in missing if address.is_within(locked))
        self.locked = {address.oid for address in locked if address.catalog == "pg_class"}


class Trace(VanishedObjects):
    """The operations that were undone since the start, and all changes of objects."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        super().__init__(connection)
        self.versions = read_versions(connection)
        self.unbacked_before = read_unbacked(connection)
        self.altered: frozenset[Address] = frozenset()
        """The objects that were renamed or altered."""
        self.unbacked: Sequence[str] = ()
        """Descriptions of changes to objects that no backup contains."""
        self.operations: list[TracedOperation] = []
        self.new_identities: frozenset[str] = frozenset()
        """The kinds and names of the new objects."""
        self.names: Sequence[ObjectName] = ()
        """The names of all objects at the end."""

    def note(self, migration: Migration, operation: Operation) -> None:
        """Note the objects that undoing `operation` has just dropped."""
        before, self.now = self.now, read_inventory(self.connection)
        self.operations.append(TracedOperation(migration, operation, before - self.now))

    def finish(self) -> None:
        """Note all objects that have vanished, been altered or been created."""
        super().finish()
        versions, unbacked = read_versions(self.connection), read_unbacked(self.connection)
        self.new_identities = read_identities(self.connection, self.now - self.before)
        self.names = read_object_names(self.connection, self.now)
        self.altered = frozenset(
            address
            for address, version in self.versions.items()
            if versions.get(address, version) != version
        )
        self.unbacked = [
            before.description
            for key, before in self.unbacked_before.items()
            if unbacked.get(key, before) != before
        ]
