"""System checks of models whose tables are partitioned by month."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib.postgres.constraints import ExclusionConstraint
from django.core.checks import CheckMessage, Error
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from config.postgres.field_names import unique_rules
from config.postgres.partition_declaration import MonthlyPartitions


def check_partitions(**kwargs: Any) -> list[CheckMessage]:
    """Return the errors in the declarations of monthly partitions."""
    return [
        Error(error.message, hint=error.hint, obj=model, id=f"partitions.{error.code}")
        for model in apps.get_models()
        for error in _errors(model)
    ]


class DeclarationError(NamedTuple):
    """An error in the declaration of a model."""

    code: str
    message: str
    hint: str


def _errors(model: Any) -> Iterator[DeclarationError]:
    found = [item for item in model._meta.constraints if isinstance(item, MonthlyPartitions)]
    if not found:
        return
    yield from _field_errors(model, found[0])
    yield from _unique_rule_errors(model, found[0])
    yield from _exclusion_errors(model, found[0])
    yield from _relation_errors(model)
    if len(found) > 1:
        names = " and ".join(repr(item.name) for item in found)
        yield DeclarationError(
            "E001", f"The table is partitioned twice, by {names}.", "Keep one of these constraints."
        )


def _field_errors(model: Any, partitions: MonthlyPartitions) -> Iterator[DeclarationError]:
    try:
        field = model._meta.get_field(partitions.field)
    except FieldDoesNotExist:
        field = None
    if not isinstance(field, models.DateField) or field.null or field.model is not model:
        yield DeclarationError(
            "E002",
            f"{partitions.name!r} partitions the table by {partitions.field!r}, which is not a "
            "required date or time of this model.",
            "Name a DateField or DateTimeField without null=True.",
        )


def _unique_rule_errors(model: Any, partitions: MonthlyPartitions) -> Iterator[DeclarationError]:
    for rule in unique_rules(model):
        if partitions.field not in rule.fields:
            yield DeclarationError(
                "E003",
                f"PostgreSQL cannot enforce the unique rule {rule.name!r} over all partitions.",
                f"Add {partitions.field!r} to the fields of the rule, or remove the rule.",
            )


def _exclusion_errors(model: Any, partitions: MonthlyPartitions) -> Iterator[DeclarationError]:
    for rule in model._meta.constraints:
        if not isinstance(rule, ExclusionConstraint):
            continue
        equal = [getattr(item, "name", item) for item, sign in rule.expressions if sign == "="]
        if partitions.field not in equal:
            yield DeclarationError(
                "E005",
                f"PostgreSQL cannot enforce the exclusion constraint {rule.name!r} over all "
                "partitions.",
                f"With PostgreSQL 17, add ({partitions.field!r}, '=') to its expressions. "
                "Otherwise, remove the constraint.",
            )


def _relation_errors(model: Any) -> Iterator[DeclarationError]:
    for field in model._meta.get_fields(include_hidden=True):
        if field.auto_created and getattr(field.remote_field, "db_constraint", False):
            yield DeclarationError(
                "E004",
                f"{field.remote_field} refers to a partitioned table, whose key has two columns.",
                "Set db_constraint=False on the field, or refer to another table.",
            )
