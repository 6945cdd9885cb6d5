"""The declaration of monthly partitions, as a constraint of the model."""

import re
from datetime import date
from typing import Any

from django.db import models
from django.db.backends.utils import split_identifier

from config.postgres.names import MAX_BYTES, shortened

MONTH = re.compile(r"_\d{4}_\d\d")

UNFINISHED = "Unfinished: manage.py partitions removes this table, and begins again."
"""The comment of a table that `manage.py partitions` has created but not finished yet."""

DETACHED = "Detached from {table}, as {name}: "
"""The start of the comment of a detached partition, before its bounds. Names are not quoted."""


class MonthlyPartitions(models.BaseConstraint):
    """The division of a table into partitions by the month of `field`, which cannot be NULL.

    `name` is the name of the default partition, which takes the rows that no other partition
    covers. In the database, the primary key also contains `field`. Django's primary key does not.
    postgresql.org/docs/current/ddl-partitioning.html
    """

    def __init__(self, field: str, *, name: str) -> None:
        super().__init__(name=name)
        self.field = field

    def column(self, model: type[models.Model]) -> str:
        """Return the name of the column by which the table of `model` is partitioned."""
        return str(model._meta.get_field(self.field).column)  # type: ignore[union-attr]

    def default_partition(self, model: type[models.Model]) -> str:
        """Return the name of the default partition, in the schema of the table."""
        return in_schema_of(model._meta.db_table, self.name)

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        """Return the SQL of the primary key."""
        name = shortened(split_identifier(model._meta.db_table)[1], MAX_BYTES - len("_pkey"))
        columns = [model._meta.pk.column, self.column(model)]
        quote = schema_editor.quote_name
        return f"CONSTRAINT {quote(f'{name}_pkey')} PRIMARY KEY ({', '.join(map(quote, columns))})"

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        """Return the SQL that adds the primary key to an existing table."""
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self.constraint_sql(model, schema_editor)}"

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Accept any row, because the default partition takes the rows of other months."""

    def __eq__(self, other: object) -> bool:
        if isinstance(other, MonthlyPartitions):
            return (self.name, self.field) == (other.name, other.field)
        return NotImplemented

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, (self.field, *args), kwargs


def monthly_partitions(model: type[models.Model]) -> MonthlyPartitions | None:
    """Return the partitions that `model` declares, or None for an ordinary table."""
    found = (item for item in model._meta.constraints if isinstance(item, MonthlyPartitions))
    return next(found, None)


def month_name(table: str, month: date) -> str:
    """Return the name of the partition of `table` for `month`, in the table's schema."""
    return prefixed_name(table, f"{month:%Y_%m}")


def prefixed_name(table: str, suffix: str) -> str:
    """Return a name that begins like the monthly partitions of `table` and ends in `suffix`."""
    return in_schema_of(table, f"{_month_prefix(table)}_{suffix}")


def moved_partition(name: str, old_table: str, new_table: str) -> str:
    """Return the name that the partition `name` gets when its table is renamed.

    Only the name of a monthly partition changes with the name of the table.
    """
    suffix = name.removeprefix(_month_prefix(old_table))
    if MONTH.fullmatch(suffix):
        name = _month_prefix(new_table) + suffix
    return in_schema_of(new_table, name)


def _month_prefix(table: str) -> str:
    return shortened(split_identifier(table)[1], MAX_BYTES - len("_2000_01"))


def in_schema_of(table: str, name: str) -> str:
    """Return `name` with the schema of `table`, in the form of db_table: `schema"."name`."""
    schema = split_identifier(table)[0]
    return f'{schema}"."{name}' if schema else name
