"""The system checks of names that are too long or need escaping: names.E001 and names.E002."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import Error
from django.db import models

from config.postgres.name_checks import check_names

pytestmark = pytest.mark.usefixtures("isolated_apps")

LONG, CYRILLIC = "x" * 64, "ж" * 32
FITTING = "ж" * 31 + "x"


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


KINDS: dict[str, tuple[Callable[[str], Any], str, str]] = {
    "table": (lambda name: model({"db_table": name}), "table", "Set db_table to a {} name."),
    "schema": (
        lambda name: model({"db_table": f'{name}"."t'}),
        "schema",
        "Set the first part of db_table to a {} name.",
    ),
    "table in a schema": (
        lambda name: model({"db_table": f's"."{name}'}),
        "table",
        "Set db_table to a {} name.",
    ),
    "many-to-many table": (
        lambda name: (
            model(others=models.ManyToManyField("self", db_table=name))
            ._meta.get_field("others")
            .remote_field.through
        ),
        "table",
        "Set db_table to a {} name.",
    ),
    "column": (
        lambda name: model(name=text(db_column=name))._meta.get_field("name"),
        "column",
        "Set db_column to a {} name.",
    ),
    "index": (
        lambda name: model({"indexes": [index(name)]}, name=text()),
        "index",
        "Use a {} name.",
    ),
    "constraint": (
        lambda name: model({"constraints": [check(name)]}, name=text()),
        "constraint",
        "Use a {} name.",
    ),
}
"""For each kind of name: the object with the name, the kind in the message, and the hint."""


@pytest.mark.parametrize("name", [LONG, CYRILLIC], ids=["letters", "bytes"])
@pytest.mark.parametrize(("named", "kind", "hint"), KINDS.values(), ids=KINDS)
def test_name_of_too_many_bytes__is_an_error(
    named: Callable[[str], Any], kind: str, hint: str, name: str
) -> None:
    obj = named(name)
    assert check_names() == [
        Error(
            f"The name of {kind} {name!r} has 64 bytes. PostgreSQL truncates it to 63 bytes.",
            hint=hint.format("shorter"),
            obj=obj,
            id="names.E001",
        )
    ]


@pytest.mark.parametrize(
    ("kind", "name", "characters"),
    [
        ("table", "5%s", "%"),
        ("table", 'a"b', '"'),
        ("column", '5% of "all"', '% and "'),
        ("index", '"', '"'),
        ("constraint", '"', '"'),
    ],
)
def test_name_that_django_does_not_escape__is_an_error(
    kind: str, name: str, characters: str
) -> None:
    named, _, hint = KINDS[kind]
    obj = named(name)
    assert check_names() == [
        Error(
            f"The name of {kind} {name!r} contains {characters}. Django does not escape this in "
            "SQL, so statements fail.",
            hint=hint.format("plain"),
            obj=obj,
            id="names.E002",
        )
    ]


def test_names_of_63_bytes__pass() -> None:
    options = {"indexes": [index(FITTING)], "constraints": [check(FITTING)], "db_table": FITTING}
    model(options, name=text(db_column=FITTING))
    assert check_names() == []


def test_schema_and_table_of_too_many_bytes_together__pass() -> None:
    model({"db_table": f'{FITTING}"."{FITTING}'})
    assert check_names() == []


def test_table_in_quotes__passes() -> None:
    model({"db_table": '"thing"'})
    assert check_names() == []


def test_table_that_no_migration_creates__passes() -> None:
    model({"managed": False, "db_table": LONG})
    assert check_names() == []
