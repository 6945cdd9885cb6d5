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
    """True if the run unapplies migrations."""
    has_changed: bool = False
    """True after the first commit."""
    transaction: str = ""
    """The id of the transaction that is being committed, or ''."""

    def begin_commit(self, transaction: str) -> None:
        """Record that the transaction with this id is being committed."""
        self.transaction = transaction

    def commit(self) -> None:
        """Record that all changes are committed."""
        self.migration, self.unapplies, self.has_changed, self.transaction = None, False, True, ""

    @property
    def again(self) -> str:
        """The command to run again. To unapply, migrate needs the same arguments."""
        return "the same command" if self.unapplies and self.command == "migrate" else self.command

    @property
    def name(self) -> str:
        return str(self.migration or self.command)

    @property
    def is_halfway(self) -> bool:
        """True if the current migration may be applied in part."""
        return bool(self.migration and not self.migration.atomic)

    @property
    def standing(self) -> str:
        """The state of the database after a failure."""
        if self.is_halfway:
            return f"{self.name} is not atomic: a part of it may have been done."
        if self.unapplies or not (self.migration or self.has_changed):
            return "Nothing was changed."
        if self.migration:
            return f"Nothing of {self.name} is applied."
        return "Everything shown as OK is done."

    @property
    def outcome(self) -> str:
        """The state of the database after a successful COMMIT."""
        return "The rollback is done." if self.unapplies else f"{self.name} is applied."

    @property
    def doubt(self) -> str:
        """The state of the database after a COMMIT with an unknown result."""
        hint = " If it was, a backup can be restored with rollback --restore."
        return f"It is unknown whether {self.name} was committed.{hint if self.unapplies else ''}"

    def ask_standing(self, connection: BaseDatabaseWrapper) -> str:
        """Return the state of the database after a failure. Ask the server about a lost COMMIT."""
        if not self.transaction or connection.in_atomic_block:
            return self.standing
        standings = {"committed": self.outcome, "aborted": self.standing}
        return standings.get(final_status(connection, self.transaction), self.doubt)

    def after_interruption(self, connection: BaseDatabaseWrapper) -> str:
        """Return the state of the database after an interruption, and the next step, if any."""
        standing = self.ask_standing(connection)
        is_last = self.unapplies or not self.migration  # no transaction follows
        if is_last and standing == self.outcome:
            return standing
        return f"{standing} Run {self.again} again to continue."
