"""The database router for the replica."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, models

from config.replica.health import ALIAS
from config.replica.reading import reader


class ReplicaRouter:
    """A router that lets functions with @reads_replica read the replica.

    All other code uses the primary, also to read rows that are related to a row of the replica.
    """

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        alias = reader().alias
        if alias == ALIAS and model._meta.app_label != "sessions":
            return alias
        return self.db_for_write(model, **hints)

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str | None:
        state = getattr(hints.get("instance"), "_state", None)
        return DEFAULT_DB_ALIAS if state and state.db == ALIAS else None

    def allow_relation(
        self, first: models.Model, second: models.Model, **hints: Any
    ) -> bool | None:
        both = {first._state.db, second._state.db}
        return True if both <= {ALIAS, DEFAULT_DB_ALIAS} else None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """Refuse the replica, which gets all changes from the primary."""
        return False if db == ALIAS else None
