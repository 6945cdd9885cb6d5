"""The backend's answers to Django's questions about SQL and values."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.backends.postgresql import operations

from config.postgres.backend.expressions import enum_of
from config.postgres.enums import EnumField, read_unknown_array


class DatabaseOperations(operations.DatabaseOperations):
    """Converters and casts for enum types."""

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
