"""The system checks of partitioned tables: partitions.E001 to E005."""

from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.checks import Error
from django.db import models
from django.db.models import F
from django.db.models.functions import Lower, TruncDate

from config.postgres import MonthlyPartitions
from config.postgres.partition_checks import check_partitions

pytestmark = pytest.mark.usefixtures("isolated_apps")

BY_TIME = MonthlyPartitions("time", name="event_default")


def model(
    name: str,
    *constraints: models.BaseConstraint,
    meta: dict[str, Any] | None = None,
    bases: tuple[type, ...] = (models.Model,),
    **fields: Any,
) -> Any:
    options = {"app_label": "users", "constraints": constraints, **(meta or {})}
    body = {"__module__": __name__, "Meta": type("Meta", (), options), **fields}
    return type(name, bases, body)


def event(*constraints: models.BaseConstraint, meta: Any = None, **fields: Any) -> Any:
    fields = {"time": models.DateTimeField(), "title": models.TextField(), **fields}
    return model("Event", BY_TIME, *constraints, meta=meta, **fields)


def test_table_in_months__passes() -> None:
    event(models.UniqueConstraint(fields=["title", "time"], name="event_uniq"))
    assert check_partitions() == []


def test_table_without_partitions__passes() -> None:
    model("Event", time=models.DateTimeField(null=True, unique=True))
    assert check_partitions() == []


def test_two_declarations__are_an_error() -> None:
    thing = event(MonthlyPartitions("time", name="event_rest"))
    assert check_partitions() == [
        Error(
            "The table is partitioned twice, by 'event_default' and 'event_rest'.",
            hint="Keep one of these constraints.",
            obj=thing,
            id="partitions.E001",
        )
    ]


@pytest.mark.parametrize(
    "field",
    [models.DateTimeField(null=True), models.TextField(), None],
    ids=["nullable", "text", "missing"],
)
def test_field_that_cannot_partition_a_table__is_an_error(field: Any) -> None:
    fields = {"time": field} if field else {}
    thing = model("Event", BY_TIME, **fields)
    assert check_partitions() == [
        Error(
            "'event_default' partitions the table by 'time', which is not a required date or "
            "time of this model.",
            hint="Name a DateField or DateTimeField without null=True.",
            obj=thing,
            id="partitions.E002",
        )
    ]


def test_field_of_a_parent_model__is_an_error() -> None:
    parent = model("Parent", time=models.DateTimeField())
    child = model("Child", BY_TIME, bases=(parent,))
    assert ("partitions.E002", child) in [(error.id, error.obj) for error in check_partitions()]


DATE = TruncDate("time", tzinfo=UTC)


@pytest.mark.parametrize(
    ("table", "rule"),
    [
        (lambda: event(number=models.IntegerField(unique=True)), "number"),
        (
            lambda: event(
                meta={"unique_together": {("title", "size")}}, size=models.IntegerField()
            ),
            "title, size",
        ),
        (lambda: event(models.UniqueConstraint(fields=["title"], name="uniq")), "uniq"),
        (lambda: event(models.UniqueConstraint("title", DATE, name="uniq")), "uniq"),
    ],
    ids=["field", "together", "constraint", "constraint on an expression of the field"],
)
def test_unique_rule_without_the_field__is_an_error(table: Callable[[], Any], rule: str) -> None:
    thing = table()
    assert check_partitions() == [
        Error(
            f"PostgreSQL cannot enforce the unique rule {rule!r} over all partitions.",
            hint="Add 'time' to the fields of the rule, or remove the rule.",
            obj=thing,
            id="partitions.E003",
        )
    ]


def test_unique_constraint_on_expressions_and_the_field__passes() -> None:
    event(models.UniqueConstraint(Lower("title"), F("time").desc(), name="event_title_uniq"))
    assert check_partitions() == []


def excluding(*fields: Any) -> ExclusionConstraint:
    pairs = [*((field, RangeOperators.EQUAL) for field in fields), ("title", "&&")]
    return ExclusionConstraint(name="event_title_excl", expressions=pairs)


def test_exclusion_constraint_without_the_field__is_an_error() -> None:
    thing = event(excluding(DATE))
    assert check_partitions() == [
        Error(
            "PostgreSQL cannot enforce the exclusion constraint 'event_title_excl' over all "
            "partitions.",
            hint="With PostgreSQL 17, add ('time', '=') to its expressions. Otherwise, remove the "
            "constraint.",
            obj=thing,
            id="partitions.E005",
        )
    ]


@pytest.mark.parametrize("field", ["time", F("time")])
def test_exclusion_constraint_with_the_field__passes(field: Any) -> None:
    event(excluding(field))
    assert check_partitions() == []


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        (lambda to: models.ForeignKey(to, models.CASCADE), "users.Note.event"),
        (lambda to: models.ForeignKey(to, models.CASCADE, related_name="+"), "users.Note.event"),
        (models.ManyToManyField, "users.Note_event.event"),
    ],
    ids=["foreign key", "hidden foreign key", "many-to-many"],
)
def test_reference_to_a_partitioned_table__is_an_error(
    field: Callable[[Any], Any], shown: str
) -> None:
    thing = event()
    model("Note", event=field(thing))
    assert check_partitions() == [
        Error(
            f"{shown} refers to a partitioned table, whose key has two columns.",
            hint="Set db_constraint=False on the field, or refer to another table.",
            obj=thing,
            id="partitions.E004",
        )
    ]


def test_reference_to_a_partitioned_table_without_a_constraint__passes() -> None:
    model("Note", event=models.ForeignKey(event(), models.CASCADE, db_constraint=False))
    assert check_partitions() == []
