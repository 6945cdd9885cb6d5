"""The connection to a PostgreSQL database with native enum types."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.backends.postgresql import base, features, operations
from django.utils.functional import cached_property

from config.postgres.backend.expressions import enum_of
from config.postgres.backend.introspection import DatabaseIntrospection
from config.postgres.backend.schema import DatabaseSchemaEditor
from config.postgres.enums import EnumField, read_unknown_array, register_enum_arrays
from config.postgres.times import read_far_times

# What a role or a database may have set, and psycopg, Django and this project's SQL depend on. The
# server reports them to the client, so that a pooler, too, keeps each client's own values.
WANTED = {
    "DateStyle": "ISO",  # whatever the order of day and month in input
    "IntervalStyle": "postgres",
    "standard_conforming_strings": "on",
}

# A plan leaves partitions out by their bounds. The server would then also hold the checks of each
# one that is left against the condition, which takes a third of the planning and finds nothing. A
# pooler may keep this setting for other clients; it changes no result.
PLAN_WITHOUT_CHECKS = "SET constraint_exclusion = off"

HAS_CITUS = "SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL"


class DatabaseFeatures(features.DatabaseFeatures):
    """The features of the oldest supported PostgreSQL version."""

    # PostgreSQL 18 has them, but the schema must also work on 15. Django would connect to find
    # out the version, and `check` must not need a server.
    supports_virtual_generated_columns = False


class DatabaseOperations(operations.DatabaseOperations):
    """The converters and casts of values, for enum types too."""

    compiler_module = "config.postgres.backend.compiler"

    def get_db_converters(self, expression: Any) -> list[Any]:
        """Also convert labels to members in expressions that are an enum but text to Django."""
        converters = super().get_db_converters(expression)
        if not isinstance(expression.output_field, EnumField) and (enum := enum_of(expression)):
            converters.append(enum.from_db_value)
        if isinstance(expression.output_field, ArrayField):
            converters.insert(0, read_unknown_array)
        return converters

    def unification_cast_sql(self, output_field: Any) -> str:
        if isinstance(output_field, EnumField):
            return f"CAST(%s AS {self.quote_name(output_field.type_name)})"
        return super().unification_cast_sql(output_field)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that reads arrays of the enum types of its database."""

    features_class = DatabaseFeatures
    introspection_class = DatabaseIntrospection
    ops_class = DatabaseOperations
    SchemaEditorClass = DatabaseSchemaEditor

    @cached_property
    def is_cluster(self) -> bool:
        """Whether the database belongs to a Citus cluster; asked once, of psycopg's connection."""
        self.ensure_connection()
        with self.wrap_database_errors:
            return bool(self.connection.execute(HAS_CITUS).fetchone()[0])

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect once before a pool is opened, because a pool retries for half a minute."""
        if self.pool and self.pool.closed:
            self.Database.connect(**conn_params).close()
        return super().get_new_connection(conn_params)

    def _configure_connection(self, connection: Any) -> bool:
        """Set parameters, register types; also called for each connection of a pool."""
        super()._configure_connection(connection)
        for name, value in WANTED.items():
            current, *_ = (connection.info.parameter_status(name) or "").split(",")
            if current != value:
                connection.execute(f"SET {name} = {value}")
        connection.execute(PLAN_WITHOUT_CHECKS)
        register_enum_arrays(connection)
        read_far_times(connection)
        return True  # the query began a transaction to commit, if autocommit is off
