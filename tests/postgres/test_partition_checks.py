"""The system checks of partitioned tables: partitions.E001 to E005."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.checks import Error
from django.core.checks.registry import registry
from django.db import models
from django.db.models import F
from django.db.models.functions import Lower, TruncDate
from django.test.utils import isolate_apps

from config.postgres import MonthlyPartitions
from config.postgres.partition_checks import check_partitions

BY_TIME = MonthlyPartitions("time", name="event_default")


@pytest.fixture(autouse=True)
def isolated_apps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Provide the app users without its models."""
    with isolate_apps("users") as apps:
        monkeypatch.setattr("config.postgres.partition_checks.apps", apps)
        yield


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


def refused_unique_rule(name: str, obj: Any) -> Error:
    return Error(
        f"PostgreSQL cannot enforce the unique rule {name!r} over all partitions.",
        hint="Add 'time' to its fields, or remove it.",
        obj=obj,
        id="partitions.E003",
    )


def refused_reference(field: str, obj: Any) -> Error:
    return Error(
        f"{field} refers to a partitioned table, whose key has two columns.",
        hint="Set db_constraint=False there, or refer to another table.",
        obj=obj,
        id="partitions.E004",
    )


def test_check__is_registered() -> None:
    checks: list[Any] = [*registry.get_checks()]
    assert check_partitions in checks


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
            hint="Keep one of them.",
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
            "'event_default' partitions the table by 'time', which is not a date or time of this "
            "model that is always set.",
            hint="Name a DateField or DateTimeField without null=True.",
            obj=thing,
            id="partitions.E002",
        )
    ]


def test_field_of_a_parent_model__is_an_error() -> None:
    parent = model("Parent", time=models.DateTimeField())
    child = model("Child", BY_TIME, bases=(parent,))
    assert ("partitions.E002", child) in [(error.id, error.obj) for error in check_partitions()]


def test_unique_field__is_an_error() -> None:
    thing = event(number=models.IntegerField(unique=True))
    assert check_partitions() == [refused_unique_rule("number", thing)]


def test_unique_together_without_the_field__is_an_error() -> None:
    thing = event(meta={"unique_together": {("title", "size")}}, size=models.IntegerField())
    assert check_partitions() == [refused_unique_rule("title, size", thing)]


def test_unique_constraint_without_the_field__is_an_error() -> None:
    thing = event(models.UniqueConstraint(fields=["title"], name="event_title_uniq"))
    assert check_partitions() == [refused_unique_rule("event_title_uniq", thing)]


def test_unique_constraint_on_an_expression_of_the_field__is_an_error() -> None:
    date = TruncDate("time", tzinfo=UTC)
    thing = event(models.UniqueConstraint("title", date, name="event_title_uniq"))
    assert check_partitions() == [refused_unique_rule("event_title_uniq", thing)]


def test_unique_constraint_on_expressions_and_the_field__passes() -> None:
    event(models.UniqueConstraint(Lower("title"), F("time").desc(), name="event_title_uniq"))
    assert check_partitions() == []


def excluding(*fields: Any) -> ExclusionConstraint:
    pairs = [*((field, RangeOperators.EQUAL) for field in fields), ("title", "&&")]
    return ExclusionConstraint(name="event_title_excl", expressions=pairs)


def test_exclusion_constraint_without_the_field__is_an_error() -> None:
    thing = event(excluding(TruncDate("time", tzinfo=UTC)))
    assert check_partitions() == [
        Error(
            "PostgreSQL cannot enforce the exclusion constraint 'event_title_excl' over all "
            "partitions.",
            hint="Add ('time', '=') to its expressions, which needs PostgreSQL 17, or remove it.",
            obj=thing,
            id="partitions.E005",
        )
    ]


@pytest.mark.parametrize("field", ["time", F("time")])
def test_exclusion_constraint_with_the_field__passes(field: Any) -> None:
    event(excluding(field))
    assert check_partitions() == []


@pytest.mark.parametrize("name", [None, "+"], ids=["seen", "hidden"])
def test_foreign_key_to_it__is_an_error(name: str | None) -> None:
    thing = event()
    model("Note", event=models.ForeignKey(thing, models.CASCADE, related_name=name))
    assert check_partitions() == [refused_reference("users.Note.event", thing)]


def test_many_to_many_to_it__is_an_error() -> None:
    thing = event()
    model("Note", events=models.ManyToManyField(thing))
    assert check_partitions() == [refused_reference("users.Note_events.event", thing)]


def test_reference_to_it_without_a_constraint__passes() -> None:
    model("Note", event=models.ForeignKey(event(), models.CASCADE, db_constraint=False))
    assert check_partitions() == []
