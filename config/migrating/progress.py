"""How far a run of `migrate` has come, in words, for when it stops."""

from dataclasses import dataclass

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.recorder import MigrationRecorder


@dataclass
class Progress:
    migration: Migration | None = None
    """The one that runs now."""
    is_one_transaction: bool = False
    """Whether all of the plan is undone if a part of it fails."""
    has_changed: bool = False
    """Whether anything has been committed."""

    def commit(self) -> None:
        self.migration, self.is_one_transaction, self.has_changed = None, False, True

    @property
    def name(self) -> str:
        return str(self.migration or "migrate")

    @property
    def is_halfway(self) -> bool:
        """Whether a part of a migration may stay in the database without the rest."""
        return bool(self.migration and not self.migration.atomic)

    @property
    def standing(self) -> str:
        """What is in the database now that the migration has failed."""
        if self.is_halfway:
            return f"{self.name} is not atomic: a part of it may have been done."
        if self.is_one_transaction or not (self.migration or self.has_changed):
            return "Nothing was changed."
        if self.migration:
            return f"Nothing of {self.name} is applied."
        return "What was shown as OK is done."

    def look(self, connection: BaseDatabaseWrapper) -> str:
        """The same after an interruption, which may have come while the server committed."""
        if not self.migration or self.is_halfway or connection.in_atomic_block:
            return self.standing
        connection.close()  # a statement may still be under way
        try:
            applied = MigrationRecorder(connection).applied_migrations()
        except Error:
            return f"Whether {self.name} is applied could not be seen."
        is_applied = (self.migration.app_label, self.migration.name) in applied
        if is_applied and not self.is_one_transaction:
            return f"{self.name} is applied."
        if self.is_one_transaction and not is_applied:
            return f"{self.name} is unapplied."
        return self.standing
