"""The connection of a PostgreSQL backend with native enum types."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.backends.postgresql import base, features, operations
from django.utils.functional import cached_property

from config.postgres.backend.expressions import enum_of
from config.postgres.backend.introspection import DatabaseIntrospection
from config.postgres.backend.schema import DatabaseSchemaEditor
from config.postgres.enums import EnumField, read_unknown_array, register_enum_arrays
from config.postgres.times import read_far_times

# Parameters on which psycopg, Django and the SQL of this project depend. ALTER ROLE or ALTER
# DATABASE may have set other values. The server reports these parameters to the client, so a pooler
# keeps each client's values.
REQUIRED_PARAMETERS = {
    "DateStyle": "ISO",  # the role's order of day and month stays
    "IntervalStyle": "postgres",
    "standard_conforming_strings": "on",
}

# PostgreSQL excludes partitions from a plan by their bounds. By default, PostgreSQL also compares
# the check constraints of the remaining partitions with the condition. This takes a third of the
# planning time, and excludes no further partition. A pooler may keep the setting for other clients,
# but the setting changes no result.
PLAN_WITHOUT_CHECKS = "SET constraint_exclusion = off"

HAS_CITUS = "SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL"
SORTS_BY_BYTES = """
    SELECT datlocprovider = 'b' OR (datlocprovider = 'c' AND datcollate IN ('C', 'POSIX'))
      FROM pg_database WHERE datname = current_database()
"""


class DatabaseFeatures(features.DatabaseFeatures):
    """The features of PostgreSQL without virtual generated columns."""

    # PostgreSQL 18 has these columns, but the schema must also work on 15. Django connects to read
    # the version, but `check` must work without a server.
    supports_virtual_generated_columns = False


class DatabaseOperations(operations.DatabaseOperations):
    """The converters and casts of values, also for enum types."""

    compiler_module = "config.postgres.backend.compiler"

    def get_db_converters(self, expression: Any) -> list[Any]:
        """Convert labels to members, also in enum expressions that Django regards as text."""
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
    """A connection that also reads arrays of enum types, and times that Python cannot represent."""

    features_class = DatabaseFeatures
    introspection_class = DatabaseIntrospection
    ops_class = DatabaseOperations
    SchemaEditorClass = DatabaseSchemaEditor

    @cached_property
    def is_cluster(self) -> bool:
        """True if the database has Citus."""
        return self._is_true(HAS_CITUS)

    @cached_property
    def sorts_by_bytes(self) -> bool:
        """True if an index on text, with the collation of the database, finds texts by a prefix."""
        return self._is_true(SORTS_BY_BYTES)

    def _is_true(self, query: str) -> bool:
        """Return the answer to a query. `connection.queries` does not show the query."""
        self.ensure_connection()
        with self.wrap_database_errors:
            return bool(self.connection.execute(query).fetchone()[0])

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect once before a pool opens, because a pool retries failures for half a minute."""
        if self.pool and self.pool.closed:
            self.Database.connect(**conn_params).close()
        return super().get_new_connection(conn_params)

    def _configure_connection(self, connection: Any) -> bool:
        """Set parameters and register types on each connection, including those of a pool."""
        super()._configure_connection(connection)
        for name, value in REQUIRED_PARAMETERS.items():
            current, *_ = (connection.info.parameter_status(name) or "").split(",")
            if current != value:
                connection.execute(f"SET {name} = {value}")
        connection.execute(PLAN_WITHOUT_CHECKS)
        register_enum_arrays(connection)
        read_far_times(connection)
        return True  # without autocommit, the queries began a transaction, so it must be committed
