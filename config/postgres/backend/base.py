"""The connection to a PostgreSQL database with native enum types."""

from typing import Any

from django.db.backends.postgresql import base

from config.postgres.backend.features import DatabaseFeatures
from config.postgres.backend.operations import DatabaseOperations
from config.postgres.backend.schema import DatabaseSchemaEditor
from config.postgres.enums import register_enum_arrays


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that reads arrays of the enum types of its database."""

    features_class = DatabaseFeatures
    ops_class = DatabaseOperations
    SchemaEditorClass = DatabaseSchemaEditor

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect once before a pool is opened, because a pool retries for half a minute."""
        if self.pool and self.pool.closed:
            self.Database.connect(**conn_params).close()
        return super().get_new_connection(conn_params)

    def _configure_connection(self, connection: Any) -> bool:
        """Register enum types; Django also calls this for each connection that a pool opens."""
        super()._configure_connection(connection)
        register_enum_arrays(connection)
        return True  # the query began a transaction to commit, if autocommit is off
