"""System checks of enum types: enums.E001 to E007."""

from typing import Any

import pytest
from django.contrib.postgres.fields import ArrayField
from django.core.checks import Error
from django.db import connection, models

from config.postgres.enums.enum_checks import BUILT_IN_TYPES, check_enum_types
from config.postgres.enums.field import EnumField
from courses.enums import Difficulty
from users.enums import Role

pytestmark = pytest.mark.usefixtures("isolated_apps")


def model(label: str, /, **fields: Any) -> Any:
    """Return the model `label` ("app.Model") with `fields`, in the registry of the test."""
    app_label, name = label.split(".")
    meta = type("Meta", (), {"app_label": app_label})
    return type(name, (models.Model,), {"__module__": __name__, "Meta": meta, **fields})


def choices(name: str, *labels: str, module: str = "users.enums") -> Any:
    """Return a TextChoices class `name`, as if `module` declared it."""
    text_choices: Any = models.TextChoices
    members = [(label.upper() or "EMPTY", label) for label in labels]
    return text_choices(name, members, module=module)


def test_enum_used_by_two_models_of_its_app__passes() -> None:
    model("users.First", role=EnumField(Role), roles=ArrayField(EnumField(Role)))
    model("users.Second", role=EnumField(Role))
    assert check_enum_types() == []


def test_two_classes_of_one_type_name__are_an_error() -> None:
    other = choices("Role", "owner", module="users.models")
    model("users.Thing", role=EnumField(Role), other=EnumField(other))
    assert check_enum_types() == [
        Error(
            "Enum type 'role' is declared by users.enums.Role and users.models.Role.",
            hint="Rename one of the classes, because a type is named after its class.",
            obj=other,
            id="enums.E001",
        )
    ]


@pytest.mark.parametrize(
    "field",
    [
        EnumField(Difficulty),
        ArrayField(EnumField(Difficulty)),
        models.GeneratedField(
            expression=models.Value("beginner"), output_field=EnumField(Difficulty), db_persist=True
        ),
    ],
    ids=["column", "array", "generated"],
)
def test_enum_of_another_app__is_an_error(field: Any) -> None:
    thing = model("users.Thing", difficulty=field)
    assert check_enum_types() == [
        Error(
            "App 'users' may not use enum type 'difficulty', which migrations of app 'courses' "
            "create and drop.",
            hint="Declare a class with another name in 'users'.",
            obj=thing._meta.get_field("difficulty"),
            id="enums.E002",
        )
    ]


def test_enum_outside_of_apps__passes() -> None:
    model("users.Thing", mood=EnumField(choices("Mood", "happy", module="somewhere.else")))
    assert check_enum_types() == []


def test_field_without_a_class__is_an_error() -> None:
    thing = model("users.Thing", role=EnumField(type_name="role", labels=["student"]))
    assert check_enum_types() == [
        Error(
            "EnumField has no TextChoices class.",
            hint="Write EnumField(YourChoices). Only migrations name labels without a class.",
            obj=thing._meta.get_field("role"),
            id="enums.E003",
        )
    ]


@pytest.mark.parametrize("label", ["", "x" * 64, "é" * 32], ids=["empty", "64", "32 of 2 bytes"])
def test_label_of_wrong_length__is_an_error(label: str) -> None:
    thing = model("users.Thing", mood=EnumField(choices("Mood", "happy", label)))
    assert check_enum_types() == [
        Error(
            f"Label {label!r} of enum type 'mood' is not 1 to 63 bytes long.",
            hint="Change the value. Its display text may have any length.",
            obj=thing._meta.get_field("mood"),
            id="enums.E004",
        )
    ]


@pytest.mark.parametrize("label", ["x", "x" * 63, "é" * 31])
def test_label_of_right_length__passes(label: str) -> None:
    model("users.Thing", mood=EnumField(choices("Mood", label)))
    assert check_enum_types() == []


@pytest.mark.parametrize(
    ("name", "length"),
    [("A" + "b" * 63, 64), ("Ж" * 32, 64), ("Ab" * 22, 65)],
    ids=["letters", "Cyrillic", "snake case"],
)
def test_name_of_too_many_bytes__is_an_error(name: str, length: int) -> None:
    enum = choices(name, "happy")
    model("users.Thing", mood=EnumField(enum))
    type_name = EnumField(enum).type_name
    assert check_enum_types() == [
        Error(
            f"Enum type {type_name!r} of users.enums.{name} has a name of {length} bytes. "
            "PostgreSQL truncates names to 63 bytes.",
            hint="Rename the class that gives the type its name.",
            obj=enum,
            id="enums.E005",
        )
    ]


def test_name_of_63_bytes__passes() -> None:
    model("users.Thing", mood=EnumField(choices("A" + "b" * 62, "happy")))
    assert check_enum_types() == []


@pytest.mark.parametrize("table", ["thing", '"thing"'])
def test_name_of_a_table__is_an_error(table: str) -> None:
    enum = choices("Thing", "happy")
    thing = model("users.Something", thing=EnumField(enum))
    thing._meta.db_table = table
    assert check_enum_types() == [
        Error(
            "Enum type 'thing' of users.enums.Thing has the name of the table of users.Something. "
            "PostgreSQL gives this name to the type of the table's rows.",
            hint="Rename the class that gives the type its name, or set Meta.db_table of the "
            "model.",
            obj=enum,
            id="enums.E006",
        )
    ]


def test_name_of_a_many_to_many_table__is_an_error() -> None:
    thing = model("users.Thing", mood=EnumField(choices("Links", "happy")))
    links = models.ManyToManyField(thing, db_table="links")
    model("users.Other", links=links)
    assert [error.id for error in check_enum_types()] == ["enums.E006"]


def test_name_of_a_table_in_another_schema__passes() -> None:
    thing = model("users.Something", thing=EnumField(choices("Thing", "happy")))
    thing._meta.db_table = 'sales"."thing'
    assert check_enum_types() == []


@pytest.mark.parametrize("name", ["Date", "Text", "Interval", "Point", "Tsvector", "PgClass"])
def test_name_of_a_built_in_type__is_an_error(name: str) -> None:
    enum = choices(name, "happy")
    model("users.Thing", mood=EnumField(enum))
    type_name = EnumField(enum).type_name
    assert check_enum_types() == [
        Error(
            f"Enum type {type_name!r} of users.enums.{name} has a name that is reserved for "
            "built-in types of PostgreSQL.",
            hint="Rename the class that gives the type its name.",
            obj=enum,
            id="enums.E007",
        )
    ]


@pytest.mark.django_db
def test_built_in_types__are_all_known() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT typname FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace"
            r" AND typname !~ '^(_|pg_)'"
        )
        assert {name for (name,) in cursor.fetchall()} <= BUILT_IN_TYPES
