"""Changes of enum types, their hazards and the alternatives."""

import pytest
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import AddField
from django.db.migrations.operations.base import Operation

from config.postgres.enums.operations import (
    AddEnumValue,
    AlterEnum,
    RenameEnum,
    RenameEnumValue,
)
from tests.hazards.music import codes, find_in

BY_NAME = (
    "Keep the label, and change only the member's name and text in the TextChoices class. Or "
    "replace the label in rows and code one release earlier."
)


@pytest.mark.parametrize(
    ("operation", "expected", "advice"),
    [
        (RenameEnumValue("mood", "sad", "blue"), ["changing-enum-labels"], BY_NAME),
        (
            AlterEnum("mood", ["happy"], ["happy", "sad"]),
            ["changing-enum-labels", "changing-column-type"],
            BY_NAME,
        ),
        (
            AlterEnum("mood", ["sad", "happy"], ["happy", "sad"]),
            ["changing-column-type"],
            "There is no safer way to reorder the labels of a type. Run it when traffic is low.",
        ),
        (RenameEnum("mood", "feeling"), ["renaming-object"], "Keep the name in the database."),
    ],
    ids=lambda value: value.describe() if isinstance(value, Operation) else "",
)
def test_changed_enum_type__has_hazards_and_advice(
    no_tables: BaseDatabaseWrapper, operation: Operation, expected: list[str], advice: str
) -> None:
    [found] = find_in(no_tables, operation)
    assert (codes([found]), found.alternative.advice) == (expected, advice)


@pytest.mark.parametrize("place", [{}, {"before": "sad"}, {"after": "happy"}])
def test_added_label__has_no_hazard(no_tables: BaseDatabaseWrapper, place: dict[str, str]) -> None:
    assert codes(find_in(no_tables, AddEnumValue("mood", "mad", **place))) == []


def test_added_label_before_other_operations__moves_to_a_separate_migration(
    no_tables: BaseDatabaseWrapper,
) -> None:
    operations = [
        AddEnumValue("mood", "mad"),
        AddField("album", "comment", models.TextField(null=True)),
    ]
    [found] = find_in(no_tables, *operations)
    assert found.alternative.advice == "Add the label in a separate migration, before this one."
