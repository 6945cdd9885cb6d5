"""Enum operations that depend on later operations of the plan."""

from typing import Any

import pytest
from django.db.migrations import Migration, RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation

from config.postgres.enums import (
    AddEnumValue,
    AlterEnum,
    CreateEnum,
    DropEnum,
    RenameEnum,
    RenameEnumValue,
    is_followed,
    removed_labels,
    running,
)
from config.postgres.enums.operations import LOOKAHEAD, Lookahead

ADD = AddEnumValue("mood", "calm")
OTHER = RunSQL("SELECT 1")
UPDATE = RunSQL("SELECT 1", "UPDATE songs SET mood = 'happy'")


class CustomOperation(Operation):
    def database_backwards(self, *args: Any) -> None:
        """Run any code."""


def migration(*operations: Operation, **attributes: Any) -> Migration:
    cls = type("Migration", (Migration,), {"operations": [*operations], **attributes})
    migration: Migration = cls("0001_initial", "music")
    return migration


@pytest.mark.parametrize(
    ("operations", "attributes", "expected"),
    [
        ([ADD, OTHER], {}, True),
        ([ADD, AddEnumValue("mood", "mad"), OTHER], {}, True),
        ([ADD], {}, False),
        ([OTHER, ADD], {}, False),
        ([ADD, AddEnumValue("mood", "mad")], {}, False),
        ([ADD, OTHER], {"atomic": False}, False),
        ([OTHER], {}, False),
    ],
)
def test_added_label__followed_if_the_transaction_continues_with_other_operations(
    operations: list[Operation], attributes: dict[str, Any], expected: bool
) -> None:
    assert is_followed(migration(*operations, **attributes), ADD) is expected


def test_plan__is_known_only_while_it_runs() -> None:
    with running([(migration(ADD, OTHER), False)]):
        assert LOOKAHEAD.get() == Lookahead(followed=frozenset({ADD}))
    assert LOOKAHEAD.get() == Lookahead()


def test_plan_undone__addition_is_not_followed() -> None:
    with running([(migration(ADD, OTHER), True)]):
        assert LOOKAHEAD.get() == Lookahead()


def test_type_renamed_and_dropped_later__operations_under_both_names_are_known() -> None:
    create, rename = CreateEnum("mood", ["happy"]), RenameEnum("mood", "feeling")
    renamed = AddEnumValue("feeling", "mad")
    other = AlterEnum("tempo", ["slow"], ["slow", "fast"])
    with running([(migration(create, ADD, rename, renamed, other), True)]):
        assert LOOKAHEAD.get().dropped == {ADD, renamed}


def test_undone_additions__removed_under_their_present_names() -> None:
    plan = [
        (migration(RenameEnum("mood", "feeling")), True),
        (migration(ADD, RenameEnumValue("mood", "calm", "serene")), True),
    ]
    assert list(removed_labels(plan)) == [("feeling", "serene")]


@pytest.mark.parametrize(
    "operation",
    [
        UPDATE,
        RunPython(RunPython.noop, lambda apps, editor: None),
        CustomOperation(),
        SeparateDatabaseAndState([UPDATE]),
    ],
)
def test_undone_additions_after_custom_code__unknown(operation: Operation) -> None:
    assert list(removed_labels([(migration(ADD, operation), True)])) == []


@pytest.mark.parametrize(
    "operation", [RunSQL("SELECT 1", RunSQL.noop), RunPython(RunPython.noop, RunPython.noop)]
)
def test_undone_additions_after_reverse_without_effect__removed(operation: Operation) -> None:
    assert list(removed_labels([(migration(ADD, operation), True)])) == [("mood", "calm")]


def test_undone_additions_to_a_type_that_is_dropped__remove_no_labels() -> None:
    plan = [(migration(CreateEnum("mood", ["happy"]), ADD), True)]
    assert list(removed_labels(plan)) == []


def test_undone_additions_to_a_type_whose_name_another_type_has_now__remove_no_labels() -> None:
    drop, rename = DropEnum("mood", ["happy", "calm"]), RenameEnum("feeling", "mood")
    assert list(removed_labels([(migration(ADD, drop, rename), True)])) == []
