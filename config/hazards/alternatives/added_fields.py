"""Safer ways to add a field."""

from collections.abc import Collection
from functools import partial
from typing import Any, NamedTuple

from django.db import models
from django.db.migrations import AddField, AlterField
from django.db.migrations.operations.base import Operation
from django.db.models import NOT_PROVIDED

from config.hazards.alternatives.field_copies import (
    copy_field,
    default_value,
    without_check,
    without_index,
)
from config.hazards.alternatives.migration_files import (
    AFTERWARDS,
    NEXT,
    NOW,
    Alternative,
    NewMigration,
)
from config.hazards.alternatives.operation_rewrites import rewrite_operation
from config.hazards.operation_sql import OperationSQL, read_operations
from config.postgres import Backfill

CONSTANT_FACTORIES = (bool, dict, float, int, list, str)
"""Default functions that return an equal value each time."""


class FirstField(NamedTuple):
    """The field to add first, and the value for a later backfill (None if there is no backfill)."""

    field: Any
    value: Any = None


def add_field(operation: OperationSQL, codes: Collection[str]) -> Alternative:
    """Return the alternative that adds a simpler field first, and alters the field later."""
    change = operation.change
    wanted = change.field
    alter = partial(AlterField, change.model_name, change.name)
    first, value = _first(wanted, codes)
    operations: list[Operation] = [AddField(change.model_name, change.name, first)]
    final = wanted
    if isinstance(wanted, models.GeneratedField):
        final = first
    elif wanted.has_db_default() and not first.has_db_default():
        first = copy_field(first, db_default=wanted.db_default)
        operations.append(alter(first))
    elif first.has_db_default() and not wanted.has_db_default():
        final = copy_field(wanted, db_default=first.db_default)
    migrations = [NewMigration(NOW, operations)]
    if value is not None and final.null:  # for NOT NULL, rewrite_operation() fills the column
        fill = Backfill(change.model_name, change.name, value)
        migrations.append(NewMigration(AFTERWARDS, [fill], atomic=False))
    leaves_nulls = first.null and value is None
    if final.null or not leaves_nulls:
        all_operations = [*operations, alter(final, change.preserve_default)]
        *_, last = read_operations(
            operation.connection, operation.app_label, all_operations, operation.before
        )
        rest = rewrite_operation(last)
        migrations += rest.migrations if rest else []
    if final.has_db_default() and not wanted.has_db_default():
        reason = {"ban-drop-default": "The code of the last release sets the field."}
        last_change = alter(wanted, change.preserve_default)
        migrations.append(NewMigration(NEXT, [last_change], accepted=reason))
    return Alternative(_advice(wanted, first, final), migrations)


def _first(wanted: Any, codes: Collection[str]) -> FirstField:
    if wanted.generated:
        return FirstField(copy_field(wanted.output_field, null=True), wanted.expression)
    plain = without_index(without_check(wanted))
    if "adding-field-with-default" in codes:
        return FirstField(copy_field(plain, null=True, db_default=NOT_PROVIDED), wanted.db_default)
    if wanted.null or wanted.has_db_default():
        return FirstField(plain)
    constant = not callable(wanted.default) or wanted.default in CONSTANT_FACTORIES
    if wanted.has_default() and constant and not wanted.unique and not wanted.is_relation:
        return FirstField(copy_field(plain, db_default=wanted.get_default()))
    value = default_value(wanted)
    if wanted.unique and not hasattr(value, "resolve_expression"):
        value = None  # otherwise every row gets the same value
    return FirstField(copy_field(plain, null=True, default=NOT_PROVIDED), value)


def _advice(wanted: Any, first: Any, final: Any) -> str:
    if isinstance(wanted, models.GeneratedField):
        return (
            f"Let the code write a {type(first).__name__} instead, and fill existing rows in "
            "batches."
        )
    if final.has_db_default() and not wanted.has_db_default():
        return (
            "Give the column a default in the database until the next release, because running "
            "code does not know the column. Or give the model's field `db_default`, and leave out "
            "the last file."
        )
    if first.null and not final.null:
        return "Add it empty, fill it in batches, and make it NOT NULL when every row has a value."
    return "Add it first. Do the slow work later, in parts that block other sessions only briefly."
