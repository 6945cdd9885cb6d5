"""The progress of a run of migrate or rollback, in words, for when it stops."""

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
    """The migrations of a plan that goes back in one transaction; none for any other plan."""
    has_changed: bool = False
    """True once anything has been committed."""

    def commit(self) -> None:
        """Note that everything so far has been committed."""
        self.migration, self.unapplies, self.has_changed = None, (), True

    @property
    def again(self) -> str:
        """Return what to run again: a plain migrate would not go back."""
        return "the same command" if self.unapplies and self.command == "migrate" else self.command

    @property
    def name(self) -> str:
        return str(self.migration or self.command)

    @property
    def is_halfway(self) -> bool:
        """Return whether a part of a migration may stay in the database without the rest."""
        return bool(self.migration and not self.migration.atomic)

    @property
    def standing(self) -> str:
        """Return how the database stands now that the run has failed."""
        if self.is_halfway:
            return f"{self.name} is not atomic: a part of it may have been done."
        if self.unapplies or not (self.migration or self.has_changed):
            return "Nothing was changed."
        if self.migration:
            return f"Nothing of {self.name} is applied."
        return "What was shown as OK is done."

    def after_interruption(self, connection: BaseDatabaseWrapper) -> str:
        """Return the same and what to do next, if the interruption may have come during a commit.

        Only the database knows then if the commit succeeded.
        """
        standing = self.standing
        if (self.migration or self.unapplies) and not (
            self.is_halfway or connection.in_atomic_block
        ):
            connection.close()  # a statement may still be running
            try:
                applied = MigrationRecorder(connection).applied_migrations()
            except Error:
                standing = f"Whether {self.name} was committed could not be seen."
                if self.unapplies:
                    standing += " If it was, a backup can be restored with rollback --restore."
            else:
                if self.unapplies and applied.keys().isdisjoint(self.unapplies):
                    return "The rollback is done."
                if self.migration and not self.unapplies and _node(self.migration) in applied:
                    standing = f"{self.name} is applied."
        return f"{standing} Run {self.again} again to go on."


def _node(migration: Migration) -> Node:
    return migration.app_label, migration.name
