"""The progress of a run of migrate or rollback, for the message after a failure."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.recorder import MigrationRecorder

from config.postgres import Node


@dataclass
class Progress:
    """The progress of one run of `command`."""

    command: str = "migrate"
    migration: Migration | None = None
    """The migration that runs now."""
    unapplies: Collection[Node] = ()
    """The migrations that the run unapplies in one transaction; empty for any other run."""
    has_changed: bool = False
    """True once anything has been committed."""

    def commit(self) -> None:
        """Record that everything so far is committed."""
        self.migration, self.unapplies, self.has_changed = None, (), True

    @property
    def again(self) -> str:
        """Return the command to run again; a plain migrate would not unapply."""
        return "the same command" if self.unapplies and self.command == "migrate" else self.command

    @property
    def name(self) -> str:
        return str(self.migration or self.command)

    @property
    def is_halfway(self) -> bool:
        """Return whether the current migration may be applied in part."""
        return bool(self.migration and not self.migration.atomic)

    @property
    def standing(self) -> str:
        """Return the state of the database after a failure."""
        if self.is_halfway:
            return f"{self.name} is not atomic: a part of it may have been done."
        if self.unapplies or not (self.migration or self.has_changed):
            return "Nothing was changed."
        if self.migration:
            return f"Nothing of {self.name} is applied."
        return "What was shown as OK is done."

    def after_interruption(self, connection: BaseDatabaseWrapper) -> str:
        """Return the state of the database after an interruption, and the next step.

        The interruption may have come during a COMMIT, so ask the database if that succeeded.
        """
        standing = self.standing
        if (self.migration or self.unapplies) and not (
            self.is_halfway or connection.in_atomic_block
        ):
            connection.close()  # a statement may still be running
            try:
                applied = MigrationRecorder(connection).applied_migrations()
            except Error:
                standing = f"It is unknown whether {self.name} was committed."
                if self.unapplies:
                    standing += " If it was, a backup can be restored with rollback --restore."
            else:
                if self.unapplies and applied.keys().isdisjoint(self.unapplies):
                    return "The rollback is done."
                migration = None if self.unapplies else self.migration
                if migration and (migration.app_label, migration.name) in applied:
                    standing = f"{self.name} is applied."
        return f"{standing} Run {self.again} again to continue."
