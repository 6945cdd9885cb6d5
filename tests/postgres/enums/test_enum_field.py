"""EnumField without a database: labels, conversions and deconstruction."""

from typing import Any

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.migrations.writer import MigrationWriter

from config.postgres.enums.field import EnumField, snake_case
from tests.postgres.enums.helpdesk.enums import Channel, Urgency
from tests.postgres.enums.helpdesk.models import Policy, Ticket

URGENCY = EnumField(Urgency)
IN_MIGRATION = EnumField(type_name="urgency", labels=Urgency.values)


@pytest.mark.parametrize(
    ("class_name", "type_name"),
    [
        ("Role", "role"),
        ("CourseStatus", "course_status"),
        ("HTTPMethod", "http_method"),
        ("MethodOfHTTP", "method_of_http"),
        ("Level2Support", "level2_support"),
        ("already_snake", "already_snake"),
    ],
)
def test_snake_case__separates_words(class_name: str, type_name: str) -> None:
    assert snake_case(class_name) == type_name


def test_field_of_a_class__takes_type_and_labels_from_it() -> None:
    assert (URGENCY.type_name, URGENCY.labels) == ("urgency", ("low", "medium", "high"))


def test_field_of_a_class__has_its_choices() -> None:
    assert EnumField(Channel).flatchoices == [
        ("web", "Web form"),
        ("phone", "Phone call"),
        ("email", "E-mail"),
    ]


def test_field_of_labels__has_them_as_choices() -> None:
    assert IN_MIGRATION.flatchoices == [("low", "low"), ("medium", "medium"), ("high", "high")]


# Migrations


@pytest.mark.parametrize(
    ("field", "options"),
    [
        (EnumField(Channel), {}),
        (EnumField(Channel, null=True, blank=True), {"null": True, "blank": True}),
        (EnumField(Channel, default=Channel.WEB), {"default": "web"}),
        (EnumField(Channel, db_default=Channel.WEB), {"db_default": "web"}),
        (EnumField(Channel, db_default="web"), {"db_default": "web"}),
        (EnumField(Channel, db_comment="How."), {"db_comment": "How."}),
    ],
)
def test_deconstruct__has_plain_labels(field: EnumField, options: dict[str, Any]) -> None:
    _, path, args, kwargs = field.deconstruct()
    assert (path, args) == ("config.postgres.EnumField", [])
    expected = options | {"type_name": "channel", "labels": ["web", "phone", "email"]}
    assert repr(sorted(kwargs.items())) == repr(sorted(expected.items()))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (
            EnumField(Channel, db_default=Channel.WEB),
            "config.postgres.EnumField(db_default='web', labels=['web', 'phone', 'email'], "
            "type_name='channel')",
        ),
        (
            Ticket._meta.get_field("urgencies"),
            "django.contrib.postgres.fields.ArrayField(base_field=config.postgres.EnumField("
            "labels=['low', 'medium', 'high'], type_name='urgency'), blank=True, default=list)",
        ),
        (
            Ticket._meta.constraints[0],
            "models.CheckConstraint(condition=models.Q(models.Q(('channel', 'phone'), "
            "_negated=True), ('urgency__gt', 'low'), _connector='OR'), name='ticket_phone_check')",
        ),
        (
            Ticket._meta.indexes[1],
            "models.Index(condition=models.Q(('channel', 'phone')), fields=['title'], "
            "name='ticket_phone')",
        ),
    ],
    ids=["field", "array", "constraint", "index"],
)
def test_migration_writer__writes_plain_labels(value: Any, written: str) -> None:
    assert MigrationWriter.serialize(value)[0] == written


def test_clone__works_without_the_class() -> None:
    clone = EnumField(Channel, db_default=Channel.WEB).clone()
    assert (clone.enum, clone.type_name, clone.labels) == (
        None,
        "channel",
        ("web", "phone", "email"),
    )


# Values


@pytest.mark.parametrize("value", ["low", Urgency.LOW])
def test_to_python_of_a_label__is_the_member(value: str) -> None:
    assert repr(URGENCY.to_python(value)) == repr(Urgency.LOW)


@pytest.mark.parametrize("value", [None, "", "nobody", "LOW", 1, ["low"], Channel.WEB], ids=repr)
def test_to_python_of_an_unknown_label__is_the_value(value: Any) -> None:
    assert URGENCY.to_python(value) is value


def test_to_python_without_the_class__is_the_label() -> None:
    assert repr(IN_MIGRATION.to_python("low")) == repr("low")


@pytest.mark.parametrize("field", [URGENCY, IN_MIGRATION], ids=["class", "labels"])
@pytest.mark.parametrize("value", ["low", Urgency.LOW])
def test_get_prep_value__is_the_label(field: EnumField, value: str) -> None:
    assert repr(field.get_prep_value(value)) == repr("low")


# Types


@pytest.mark.parametrize(
    ("field", "db_type"),
    [
        (URGENCY, '"urgency"'),
        (ArrayField(URGENCY), '"urgency"[]'),
        (ArrayField(ArrayField(URGENCY)), '"urgency"[][]'),
        (Ticket._meta.get_field("top_urgency"), '"urgency"'),
        (Ticket._meta.get_field("policy"), '"urgency"'),
        (Policy._meta.pk, '"urgency"'),
    ],
    ids=["enum", "array", "array of arrays", "generated", "foreign key", "primary key"],
)
def test_db_type__is_the_enum_type(field: Any, db_type: str) -> None:
    assert field.db_parameters(connection)["type"] == db_type
