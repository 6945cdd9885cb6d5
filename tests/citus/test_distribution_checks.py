"""The system checks of the distribution that models declare: citus.W001 to citus.E003."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import checks
from django.core.checks.registry import registry
from django.db import models
from django.test.utils import isolate_apps

from config.citus.distribution_checks import check_distribution
from config.postgres import Distributed, Reference
from config.postgres.citus import declared_distribution

pytestmark = pytest.mark.usefixtures("isolated_apps")


@pytest.fixture
def isolated_apps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install the app users without its models."""
    apps: Any
    with isolate_apps("users") as apps:
        monkeypatch.setattr("config.citus.distribution_checks.own_apps", apps.get_app_configs)
        yield


def model(distribution: object = None, constraints: Any = (), **fields: Any) -> Any:
    meta = type("Meta", (), {"app_label": "users", "constraints": constraints})
    members = {"__module__": __name__, "Meta": meta, "distribution": distribution}
    owner = models.IntegerField()
    return type("Thing", (models.Model,), {**members, "owner": owner, **fields})


def test_check__is_registered() -> None:
    registered: list[Any] = [*registry.get_checks()]
    assert check_distribution in registered


def test_model_without_distribution__is_a_warning() -> None:
    thing = model()
    assert check_distribution() == [
        checks.Warning(
            "Thing does not say where a Citus cluster keeps its rows.",
            hint="Set distribution = Reference() to keep all rows on each server, or "
            "Distributed(FIELD) to distribute the rows of a table that grows with its users.",
            obj=thing,
            id="citus.W001",
        )
    ]


def test_many_to_many_field_of_distributed_rows__is_a_warning() -> None:
    thing = model(Distributed("owner"), friends=models.ManyToManyField("self"))
    assert check_distribution() == [
        checks.Warning(
            "Thing_friends does not say where a Citus cluster keeps its rows.",
            hint="Give the ManyToManyField a model, with through=, that sets its distribution.",
            obj=thing.friends.through,
            id="citus.W001",
        )
    ]


def test_many_to_many_table_between_reference_tables__is_a_reference_table() -> None:
    thing = model(Reference(), friends=models.ManyToManyField("self"))
    assert check_distribution() == []
    assert declared_distribution(thing.friends.through) == Reference()


def test_reference_table_with_any_unique_rule__passes() -> None:
    model(Reference(), name=models.CharField(max_length=9, unique=True))
    assert check_distribution() == []


def of_parent() -> Any:
    parent = model(Distributed("owner"))
    meta = type("Meta", (), {"app_label": "users"})
    return type("Child", (parent,), {"__module__": __name__, "Meta": meta})


NO_FIELDS: dict[str, Callable[[], Any]] = {
    "student": lambda: model(Distributed("student")),
    "friends": lambda: model(Distributed("friends"), friends=models.ManyToManyField("self")),
    "owner": of_parent,
}


@pytest.mark.parametrize("name", NO_FIELDS)
def test_field_without_a_column_of_the_table__is_an_error(name: str) -> None:
    thing = NO_FIELDS[name]()
    assert [found for found in check_distribution() if found.level >= checks.ERROR] == [
        checks.Error(
            f"It is distributed by {name}, which is not one of its fields.",
            hint="Name a field that has a column in the table of the model.",
            obj=thing,
            id="citus.E001",
        )
    ]


def test_field_that_may_be_null__is_an_error() -> None:
    thing = model(Distributed("owner"), owner=models.IntegerField(null=True))
    assert check_distribution() == [
        checks.Error(
            "It is distributed by owner, which may be NULL.",
            hint="Choose a field without null=True, or make this one required.",
            obj=thing,
            id="citus.E002",
        )
    ]


UNIQUE: dict[str, dict[str, Any]] = {
    "unique field name": {"name": models.CharField(max_length=9, unique=True)},
    "unique constraint things_uniq": {
        "name": models.CharField(max_length=9),
        "constraints": [models.UniqueConstraint(fields=["name"], name="things_uniq")],
    },
}


@pytest.mark.parametrize("rule", UNIQUE)
def test_unique_rule_without_the_field__is_an_error(rule: str) -> None:
    thing = model(Distributed("owner"), **UNIQUE[rule])
    assert check_distribution() == [
        checks.Error(
            f"The {rule} does not contain the distribution column owner, so no server could check "
            "it.",
            hint="Add owner to it, or distribute the table by a field in it.",
            obj=thing,
            id="citus.E003",
        )
    ]


def test_unique_rule_with_the_field__passes() -> None:
    unique = models.UniqueConstraint(fields=["name", "owner"], name="things_uniq")
    model(Distributed("owner"), [unique], name=models.CharField(max_length=9))
    assert check_distribution() == []
