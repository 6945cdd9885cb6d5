"""System checks of models whose tables are divided into months."""

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
    """Return the errors in declarations of partitions, which PostgreSQL would refuse."""
    return [
        Error(problem.message, hint=problem.hint, obj=model, id=f"partitions.{problem.code}")
        for model in apps.get_models()
        for problem in _problems(model)
    ]


class Problem(NamedTuple):
    """An error of a model."""

    code: str
    message: str
    hint: str


def _problems(model: Any) -> Iterator[Problem]:
    found = [item for item in model._meta.constraints if isinstance(item, MonthlyPartitions)]
    for partitions in found[:1]:
        yield from _field_problems(model, partitions)
        yield from _unique_rule_problems(model, partitions)
        yield from _exclusion_problems(model, partitions)
        yield from _relation_problems(model)
    if len(found) > 1:
        names = " and ".join(repr(item.name) for item in found)
        yield Problem("E001", f"The table is divided twice, by {names}.", "Keep one of them.")


def _field_problems(model: Any, partitions: MonthlyPartitions) -> Iterator[Problem]:
    try:
        field = model._meta.get_field(partitions.field)
    except FieldDoesNotExist:
        field = None
    if not isinstance(field, models.DateField) or field.null or field.model is not model:
        yield Problem(
            "E002",
            f"{partitions.name!r} divides the table by {partitions.field!r}, which is not a date "
            "or time of this model that is always set.",
            "Name a DateField or DateTimeField without null=True.",
        )


def _unique_rule_problems(model: Any, partitions: MonthlyPartitions) -> Iterator[Problem]:
    for _, name, fields in unique_rules(model):
        if partitions.field not in fields:
            yield Problem(
                "E003",
                f"PostgreSQL cannot hold the unique rule {name!r} over all partitions.",
                f"Add {partitions.field!r} to its fields, or remove it.",
            )


def _exclusion_problems(model: Any, partitions: MonthlyPartitions) -> Iterator[Problem]:
    for rule in model._meta.constraints:
        pairs = rule.expressions if isinstance(rule, ExclusionConstraint) else ()
        equal = [getattr(item, "name", item) for item, operator in pairs if operator == "="]
        if pairs and partitions.field not in equal:
            yield Problem(
                "E005",
                f"PostgreSQL cannot hold the exclusion constraint {rule.name!r} over all "
                "partitions.",
                f"Add ({partitions.field!r}, '=') to its expressions, which needs PostgreSQL 17, "
                "or remove it.",
            )


def _relation_problems(model: Any) -> Iterator[Problem]:
    for field in model._meta.get_fields(include_hidden=True):
        if field.auto_created and getattr(field.remote_field, "db_constraint", False):
            yield Problem(
                "E004",
                f"{field.remote_field} refers to a table in partitions, whose key has two columns.",
                "Set db_constraint=False there, or refer to another table.",
            )
