"""System checks of the distribution that each model declares for a cluster."""

from collections.abc import Iterator
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model

from config.postgres import unique_rules
from config.postgres.citus import Distributed, declared_distribution
from config.project import migrated_models, own_apps

OF_MODEL = (
    "Set distribution = Reference() to keep all rows on each server, or Distributed(FIELD) to "
    "distribute the rows of a table that grows with its users."
)
OF_FIELD = "Give the ManyToManyField a model, with through=, that sets its distribution."


def check_distribution(**kwargs: Any) -> list[CheckMessage]:
    """Return errors and warnings about the distributions of the project's models."""
    return [
        message
        for config in own_apps()
        for model in migrated_models(config)
        for message in _check(model)
    ]


def _check(model: type[Model]) -> Iterator[CheckMessage]:
    declared = declared_distribution(model)
    if declared is None:
        yield checks.Warning(
            f"{model.__name__} does not say where a Citus cluster keeps its rows.",
            hint=OF_FIELD if model._meta.auto_created else OF_MODEL,
            obj=model,
            id="citus.W001",
        )
    elif isinstance(declared, Distributed):
        yield from _check_distributed(model, declared)


def _check_distributed(model: type[Model], declared: Distributed) -> Iterator[CheckMessage]:
    try:
        field: Any = model._meta.get_field(declared.by)
    except FieldDoesNotExist:
        field = None
    # get_field() also finds relations without a column and fields of a parent model.
    if field not in model._meta.local_concrete_fields:
        problem = f"It is distributed by {declared.by}, which is not one of its fields."
        hint = "Name a field that has a column in the table of the model."
        yield Error(problem, hint=hint, obj=model, id="citus.E001")
        return
    if field.null:
        problem = f"It is distributed by {field.name}, which may be NULL."
        hint = "Choose a field without null=True, or make this one required."
        yield Error(problem, hint=hint, obj=model, id="citus.E002")
    for kind, name, fields in unique_rules(model):
        shown = f"({name})" if kind == "unique_together" else name
        if field.name not in fields:
            yield Error(
                f"The {kind} {shown} does not contain the distribution column {field.name}, so no "
                "server could check it.",
                hint=f"Add {field.name} to it, or distribute the table by a field in it.",
                obj=model,
                id="citus.E003",
            )
