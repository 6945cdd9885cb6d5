"""A trace of migrations that are unapplied: what vanishes, and by which operation."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from functools import partial
from typing import Any, NamedTuple

from django.core.management.base import CommandError
from django.db import DataError, IntegrityError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from psycopg import errors

from config.console import driver_error
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

MISSING = (errors.UndefinedTable, errors.UndefinedColumn, errors.UndefinedObject)


class Step(NamedTuple):
    """An operation that has been undone, and the objects that vanished by it."""

    migration: Migration
    operation: Operation
    vanished: frozenset[Address]


class Trace:
    """The objects of the database before, and each step since."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.before = self.now = self._read()
        with connection.cursor() as cursor:
            self.versions = read_versions(cursor)
            self.unbacked_before = read_unbacked(cursor)
        self.altered: frozenset[Address] = frozenset()
        """The objects that stay, but not as they were."""
        self.unbacked: Sequence[str] = ()
        """What is not as it was, and in no backup."""
        self.steps: list[Step] = []
        self._current: tuple[Migration, Operation] | None = None
        self.vanished: frozenset[Address] = frozenset()
        """The objects that have vanished in all, with their parts."""
        self.made_again: frozenset[str] = frozenset()
        """The identities of the objects that are new."""
        self.names: Sequence[ObjectName] = ()
        """The names of all objects at the end."""
        self.locked: set[int] = set()
        """The relations that this transaction keeps from all others."""

    def marked(self, migration: Migration) -> Migration:
        """Return a copy of `migration` that calls begin() before each operation is undone."""
        marked = copy(migration)
        operations = [*self._marked(migration, migration.operations)]
        vars(marked)["operations"] = operations
        return marked

    def _marked(self, migration: Migration, operations: Sequence[Operation]) -> Iterator[Operation]:
        for operation in operations:
            if isinstance(operation, SeparateDatabaseAndState):
                operation = copy(operation)
                inner = self._marked(migration, operation.database_operations)
                operation.database_operations = [*inner]
                yield operation
            else:
                yield from (operation, Mark(partial(self.begin, migration, operation)))

    def begin(self, migration: Migration, operation: Operation) -> None:
        """Note that `operation` is undone from now on."""
        self.end()
        self._current = migration, operation

    def end(self) -> None:
        """Note what has vanished since the last begin()."""
        if self._current:
            before, self.now = self.now, self._read()
            self.steps.append(Step(*self._current, frozenset(before - self.now)))
        self._current = None

    def finish(self) -> None:
        """Note what has vanished in all, and how the database is now."""
        with self.connection.cursor() as cursor:
            self.now = read_inventory(cursor)
            locked = read_locked(cursor)
            versions = read_versions(cursor)
            unbacked = read_unbacked(cursor)
            self.made_again = read_identities(cursor, self.now - self.before)
            self.names = read_object_names(cursor, self.now)
        self.altered = frozenset(
            address
            for address, version in self.versions.items()
            if versions.get(address, version) != version
        )
        self.unbacked = [
            was.what for key, was in self.unbacked_before.items() if unbacked.get(key, was) != was
        ]
        # Other sessions drop objects as well; those that this one has dropped are locked.
        gone = self.before - self.now
        self.vanished = frozenset(address for address in gone if address.is_within(locked))
        self.locked = {address.oid for address in locked if address.catalog == "pg_class"}

    def _read(self) -> frozenset[Address]:
        with self.connection.cursor() as cursor:
            return read_inventory(cursor)

    @contextmanager
    def explained_errors(self) -> Iterator[None]:
        """Raise CommandError that names the operation which failed, and why."""
        try:
            yield
        except (CommandError, OperationalError, DataError, IntegrityError):
            raise  # guarded_run() explains what rows do not fit
        except Exception as error:
            if not self._current:
                raise
            migration, operation = self._current
            raise CommandError(
                f"Cannot roll back {migration}: undoing {operation.describe()!r} fails: "
                f"{_reason(error)}. Nothing was changed. {_next_step(error)}"
            ) from error


class Mark(Operation):
    """A point in a migration; undoing it calls `reached`."""

    def __init__(self, reached: Callable[[], None]) -> None:
        self.reached = reached

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_backwards(self, *args: Any) -> None:
        self.reached()


def _reason(error: Exception) -> str:
    """Return the message of an error in one line."""
    if cause := driver_error(error):
        parts = [cause.diag.message_primary or str(cause), cause.diag.message_detail]
        message = ": ".join(part.rstrip(".") for part in parts if part)
    else:
        message = f"{type(error).__name__}: {error}"
    return " ".join(message.split()).rstrip(".")


def _next_step(error: Exception) -> str:
    cause = driver_error(error)
    if isinstance(cause, MISSING):
        return "manage.py verify_schema shows all differences."
    if isinstance(cause, errors.DependentObjectsStillExist):
        return "Drop what is in the way, or have its owner do it, and run rollback again."
    if isinstance(cause, errors.InsufficientPrivilege):
        return cause.diag.message_hint or "Let the owner grant it, or use another role."
    return "Correct what it does backwards, or what it finds in the database."
