"""Changes of enum types: what is dangerous about them."""

import pytest
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import AddField
from django.db.migrations.operations.base import Operation

from config.hazards.report import alternative
from config.postgres.enums.operations import (
    AddEnumValue,
    AlterEnum,
    RenameEnum,
    RenameEnumValue,
)
from tests.hazards.music import codes, find_in

BY_NAME = (
    "Change the member's name and text in the TextChoices class only, and leave its label; or "
    "replace the label in rows and code one release before."
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
            "PostgreSQL has no other way to put labels in another order: let it run when few are "
            "waiting.",
        ),
        (RenameEnum("mood", "feeling"), ["renaming-object"], "Keep the name in the database."),
    ],
    ids=lambda value: value.describe() if isinstance(value, Operation) else "",
)
def test_changed_enum_type__is_dangerous_and_has_advice(
    server: BaseDatabaseWrapper, operation: Operation, expected: list[str], advice: str
) -> None:
    [finding] = find_in(server, operation)
    other = alternative(finding)
    assert other
    assert (codes([finding]), other.advice) == (expected, advice)


@pytest.mark.parametrize("place", [{}, {"before": "sad"}, {"after": "happy"}])
def test_added_label__is_not_dangerous(server: BaseDatabaseWrapper, place: dict[str, str]) -> None:
    assert codes(find_in(server, AddEnumValue("mood", "mad", **place))) == []


def test_added_label_that_more_follows__is_to_be_added_by_itself(
    server: BaseDatabaseWrapper,
) -> None:
    operations = [
        AddEnumValue("mood", "mad"),
        AddField("album", "comment", models.TextField(null=True)),
    ]
    [finding] = find_in(server, *operations)
    other = alternative(finding)
    assert other
    assert other.advice == "Add the label in a migration of its own, before this one."
