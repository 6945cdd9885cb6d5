"""The system checks of names that PostgreSQL would cut, or SQL cannot contain: names.E001, E002."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.checks import Error
from django.core.checks.registry import registry
from django.db import models
from django.test.utils import isolate_apps

from config.postgres.name_checks import check_names

LONG, CYRILLIC = "x" * 64, "ж" * 32
FITTING = "ж" * 31 + "x"


@pytest.fixture(autouse=True)
def isolated_apps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Provide the app users without its models."""
    with isolate_apps("users") as apps:
        monkeypatch.setattr("config.postgres.name_checks.apps", apps)
        yield


def model(options: dict[str, Any] | None = None, /, **fields: Any) -> Any:
    meta = type("Meta", (), {"app_label": "users", **(options or {})})
    return type("Thing", (models.Model,), {"__module__": __name__, "Meta": meta, **fields})


def text(**options: Any) -> "models.Field[Any, Any]":
    return models.CharField(max_length=9, **options)


def index(name: str) -> models.Index:
    item = models.Index(fields=["name"], name="short")
    item.name = name  # Django itself refuses a name of more than 30 letters
    return item


def check(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=~models.Q(name=""), name=name)


def test_check__is_registered() -> None:
    checks: list[Any] = [*registry.get_checks()]
    assert check_names in checks


@pytest.mark.parametrize("name", [LONG, CYRILLIC], ids=["letters", "bytes"])
def test_table_of_too_many_bytes__is_an_error(name: str) -> None:
    thing = model({"db_table": name})
    assert check_names() == [
        Error(
            f"The table {name!r} has a name of 64 bytes, of which PostgreSQL keeps 63.",
            hint="Set db_table to a shorter name.",
            obj=thing,
            id="names.E001",
        )
    ]


@pytest.mark.parametrize("name", [LONG, CYRILLIC], ids=["letters", "bytes"])
def test_column_of_too_many_bytes__is_an_error(name: str) -> None:
    thing = model(name=text(db_column=name))
    assert check_names() == [
        Error(
            f"The column {name!r} has a name of 64 bytes, of which PostgreSQL keeps 63.",
            hint="Set db_column to a shorter name.",
            obj=thing._meta.get_field("name"),
            id="names.E001",
        )
    ]


@pytest.mark.parametrize(
    ("options", "kind", "hint"),
    [
        ({"indexes": [index(CYRILLIC)]}, "index", "Give it a shorter name."),
        ({"constraints": [check(CYRILLIC)]}, "constraint", "Give it a shorter name."),
        (
            {"db_table": f'{CYRILLIC}"."t'},
            "schema",
            "Set the first part of db_table to a shorter name.",
        ),
        ({"db_table": f's"."{CYRILLIC}'}, "table", "Set db_table to a shorter name."),
    ],
    ids=["index", "constraint", "schema", "table in a schema"],
)
def test_other_name_of_too_many_bytes__is_an_error(
    options: dict[str, Any], kind: str, hint: str
) -> None:
    thing = model(options, name=text())
    assert check_names() == [
        Error(
            f"The {kind} {CYRILLIC!r} has a name of 64 bytes, of which PostgreSQL keeps 63.",
            hint=hint,
            obj=thing,
            id="names.E001",
        )
    ]


@pytest.mark.parametrize(
    ("options", "kind", "name", "hint"),
    [
        ({"db_table": "5%s"}, "table", "5%s", "Set db_table to a plain name."),
        ({"db_table": 'a"b'}, "table", 'a"b', "Set db_table to a plain name."),
        ({"indexes": [index('"')]}, "index", '"', "Give it a plain name."),
        ({"constraints": [check('"')]}, "constraint", '"', "Give it a plain name."),
    ],
    ids=["percent sign", "quote", "index", "constraint"],
)
def test_name_that_django_does_not_escape__is_an_error(
    options: dict[str, Any], kind: str, name: str, hint: str
) -> None:
    thing = model(options, name=text())
    character = "%" if "%" in name else '"'
    assert check_names() == [
        Error(
            f"The {kind} {name!r} has a name with {character}, which Django puts into SQL without "
            "escaping it, so that statements fail.",
            hint=hint,
            obj=thing,
            id="names.E002",
        )
    ]


def test_column_that_django_does_not_escape__is_an_error() -> None:
    thing = model(name=text(db_column='5% of "all"'))
    assert check_names() == [
        Error(
            'The column \'5% of "all"\' has a name with % and ", which Django puts into SQL '
            "without escaping it, so that statements fail.",
            hint="Set db_column to a plain name.",
            obj=thing._meta.get_field("name"),
            id="names.E002",
        )
    ]


def test_many_to_many_table_of_too_many_bytes__is_an_error() -> None:
    thing = model(others=models.ManyToManyField("self", db_table=CYRILLIC))
    assert check_names() == [
        Error(
            f"The table {CYRILLIC!r} has a name of 64 bytes, of which PostgreSQL keeps 63.",
            hint="Set db_table to a shorter name.",
            obj=thing._meta.get_field("others").remote_field.through,
            id="names.E001",
        )
    ]


def test_names_of_63_bytes__pass() -> None:
    options = {"indexes": [index(FITTING)], "constraints": [check(FITTING)], "db_table": FITTING}
    model(options, name=text(db_column=FITTING))
    assert check_names() == []


def test_table_in_a_schema_of_more_bytes_together__passes() -> None:
    model({"db_table": f'{FITTING}"."{FITTING}'})
    assert check_names() == []


def test_table_in_quotes__passes() -> None:
    model({"db_table": '"thing"'})
    assert check_names() == []


def test_table_that_no_migration_creates__passes() -> None:
    model({"managed": False, "db_table": LONG})
    assert check_names() == []
