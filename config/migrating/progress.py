"""The progress of a run of migrate or rollback, for the message after a failure."""

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration

from config.postgres.backend import final_status


@dataclass
class Progress:
    """The progress of one run of `command`."""

    command: str = "migrate"
    migration: Migration | None = None
    """The migration that runs now."""
    unapplies: bool = False
    """True if the run unapplies migrations, in one transaction unless one is not atomic."""
    has_changed: bool = False
    """True once anything has been committed."""
    transaction: str = ""
    """The id of a transaction that is being committed, or '' if there is none."""

    def begin_commit(self, transaction: str) -> None:
        """Record that the transaction with this id is being committed."""
        self.transaction = transaction

    def commit(self) -> None:
        """Record that everything so far is committed."""
        self.migration, self.unapplies, self.has_changed, self.transaction = None, False, True, ""

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
        return "Everything shown as OK is done."

    @property
    def outcome(self) -> str:
        """Return the state of the database if the COMMIT has succeeded."""
        return "The rollback is done." if self.unapplies else f"{self.name} is applied."

    @property
    def doubt(self) -> str:
        """Return the state of the database if the server does not know the result of the COMMIT."""
        hint = " If it was, a backup can be restored with rollback --restore."
        return f"It is unknown whether {self.name} was committed.{hint if self.unapplies else ''}"

    def ask_standing(self, connection: BaseDatabaseWrapper) -> str:
        """Return the state of the database after a failure; ask the server about a COMMIT."""
        if not self.transaction or connection.in_atomic_block:
            return self.standing
        standings = {"committed": self.outcome, "aborted": self.standing}
        return standings.get(final_status(connection, self.transaction), self.doubt)

    def after_interruption(self, connection: BaseDatabaseWrapper) -> str:
        """Return the state of the database after an interruption, and the next step, if any."""
        standing = self.ask_standing(connection)
        is_last = self.unapplies or not self.migration  # no other transaction was to follow
        if is_last and standing == self.outcome:
            return standing
        return f"{standing} Run {self.again} again to continue."
