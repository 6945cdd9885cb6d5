"""Django's PostgreSQL backend, for a schema with native enum types."""

from typing import Any

from django.db.backends.postgresql import base

from config.postgres.backend.features import DatabaseFeatures
from config.postgres.backend.operations import DatabaseOperations
from config.postgres.backend.schema import DatabaseSchemaEditor
from config.postgres.enums import register_enum_arrays


class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures
    ops_class = DatabaseOperations
    SchemaEditorClass = DatabaseSchemaEditor

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect once before a pool is opened, which would go on trying for half a minute."""
        if self.pool and self.pool.closed:
            self.Database.connect(**conn_params).close()
        return super().get_new_connection(conn_params)

    def _configure_connection(self, connection: Any) -> bool:
        """Also called for each connection that a pool opens."""
        super()._configure_connection(connection)
        register_enum_arrays(connection)
        return True  # there is a transaction to commit, if autocommit is off
