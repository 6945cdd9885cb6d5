"""The model field for a native PostgreSQL enum type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Col, DatabaseDefault
from django.db.models.functions import Cast
from django.utils.functional import cached_property

if TYPE_CHECKING:
    CharField = models.CharField[Any, Any]
    Field = models.Field[Any, Any]
else:
    CharField = models.CharField  # Django's fields take no type arguments at run time


def snake_case(name: str) -> str:
    """Return `course_status` for `CourseStatus`, and `http_method` for `HTTPMethod`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


class EnumCol(Col):
    """An enum column inside a query.

    Other expressions see a `CharField`, so that the column can be combined with text.
    `config.postgres.backend` adds the casts that PostgreSQL needs.
    """

    def __init__(self, alias: str | None, target: Any, output_field: Field | None = None) -> None:
        super().__init__(alias, target, output_field)  # type: ignore[arg-type]
        self.target = getattr(target, "as_char_field", target)

    @property
    def _output_field_or_none(self) -> CharField:
        return models.CharField()


class EnumField(CharField):
    """A column whose type is the native PostgreSQL enum of a `TextChoices` class.

    A model declares `EnumField(Role)`. The type is named after the class: `CourseStatus` becomes
    `course_status`. Its labels are the values of the class, in order. Model instances have members
    as values. A migration contains `EnumField(type_name="role", labels=["student", "admin"])`.
    Without the class, values are strings.
    """

    empty_strings_allowed = False

    def __init__(
        self,
        enum: type[models.TextChoices] | None = None,
        *,
        type_name: str = "",
        labels: Sequence[str] = (),
        **options: Any,
    ) -> None:
        self.enum = enum
        if enum is not None:
            type_name, labels = snake_case(enum.__name__), enum.values
            options["choices"] = enum.choices
        else:
            options["choices"] = [(label, label) for label in labels]
        self.type_name = type_name
        self.labels = tuple(labels)
        super().__init__(**options)

    def get_internal_type(self) -> str:
        return "EnumField"

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return connection.ops.quote_name(self.type_name)

    rel_db_type = cast_db_type = db_type

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, str | None]:
        return {"type": self.db_type(connection), "check": None}

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, options = super().deconstruct()
        options.pop("choices", None)
        for option in ("default", "db_default"):
            if isinstance(options.get(option), models.TextChoices):
                options[option] = options[option].value
        options |= {"type_name": self.type_name, "labels": list(self.labels)}
        return name, path, args, options

    def get_col(self, alias: str, output_field: Field | None = None) -> Col:
        if output_field is None or output_field == self:
            return EnumCol(alias, self)
        return super().get_col(alias, output_field)

    @cached_property
    def as_char_field(self) -> CharField:
        """This column as a `CharField`, the target of an `EnumCol`.

        Django uses the target as the output field of a subquery.
        """
        column = models.CharField()
        vars(column).update(vars(self), from_db_value=self.from_db_value)
        return column

    def to_python(self, value: Any) -> Any:
        """Return the member for a label, and any other value unchanged."""
        return self.enum(value) if self.enum and value in self.labels else value

    def from_db_value(self, value: Any, *_: Any) -> Any:
        # A label that is not in the class (added by hand or by a newer release) stays a string, so
        # that the row can be read.
        return self.to_python(value)

    def get_prep_value(self, value: Any) -> Any:
        """Return the label `value` as a string. Raise ValueError if the type has no such label."""
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if value not in self.labels:
            raise ValueError(
                f"Field {self.name!r} expected one of the labels of enum type {self.type_name!r} "
                f"({', '.join(self.labels)}) but got {value!r}."
            )
        return str(value)

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        # In PostgreSQL a CASE with literals is text, which cannot be assigned to an enum column.
        if hasattr(value, "as_sql") and not isinstance(value, DatabaseDefault):
            return Cast(value, self)
        return super().get_db_prep_save(value, connection)


def enum_field(field: Any) -> EnumField | None:
    """Return the EnumField of `field`, its array elements or its generated values, or None."""
    while isinstance(field, (ArrayField, models.GeneratedField)):
        field = field.base_field if isinstance(field, ArrayField) else field.output_field
    return field if isinstance(field, EnumField) else None
