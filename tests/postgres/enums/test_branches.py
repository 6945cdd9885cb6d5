"""Changes of an enum type on two branches that were merged."""

from collections.abc import Sequence

import pytest
from django.core.management.base import CommandError
from django.db import transaction
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from config.postgres.enums import (
    AddEnumValue,
    AlterEnum,
    CreateEnum,
    DropEnum,
    RenameEnum,
    RenameEnumValue,
)
from tests.support.lab import Lab
from tests.support.migrations import applied, described, migrate, new_schema, run_sql, unapplied

LABELS = ["happy", "sad"]
CREATE, DROP = CreateEnum("mood", LABELS), DropEnum("mood", LABELS)
ADD = AddEnumValue("mood", "calm")
RENAME = RenameEnumValue("mood", "sad", "blue")
RENAME_TYPE = RenameEnum("mood", "feeling")
REMOVE_HAPPY = AlterEnum("mood", ["sad"], LABELS)
REMOVE_SAD = AlterEnum("mood", ["happy"], LABELS)
REORDER = AlterEnum("mood", ["sad", "happy"], LABELS)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("operations", "refused"),
    [
        ([CREATE], 'Create enum type mood: type "mood" already exists'),
        ([ADD, ADD], "Add label 'calm' to enum type mood: enum label \"calm\" already exists"),
        (
            [RENAME, RENAME],
            "Rename label 'sad' of enum type mood to 'blue': \"sad\" is not an existing enum label",
        ),
        (
            [ADD, RenameEnumValue("mood", "sad", "calm")],
            "Rename label 'sad' of enum type mood to 'calm': enum label \"calm\" already exists",
        ),
        (
            [RENAME_TYPE, RENAME_TYPE],
            'Rename enum type mood to feeling: type "mood" does not exist',
        ),
        ([DROP, DROP], 'Drop enum type mood: type "mood" does not exist'),
        (
            [RENAME, AddEnumValue("mood", "calm", before="sad")],
            "Add label 'calm' to enum type mood: \"sad\" is not an existing enum label",
        ),
        (
            [REMOVE_SAD, REMOVE_SAD],
            "Alter enum type mood: remove 'sad': the type has no label 'sad'",
        ),
        (
            [RENAME, REMOVE_SAD],
            "Alter enum type mood: remove 'sad': the type has no label 'sad'",
        ),
        (
            [REORDER, REORDER],
            "Alter enum type mood: reorder its labels: its labels are in this order already",
        ),
    ],
    ids=lambda value: ", ".join(described(value)) if isinstance(value, list) else "",
)
def test_change_that_another_branch_has_applied__refused_with_a_hint(
    operations: Sequence[Operation], refused: str
) -> None:
    applied(ProjectState(), CREATE, *operations[:-1])
    with pytest.raises(CommandError) as error, transaction.atomic():
        applied(ProjectState(), operations[-1])
    assert str(error.value) == (
        f"{refused}. This migration changed nothing. If two branches make the same change, delete "
        "the operation from the later migration. Otherwise, correct the operation."
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "second", "labels"),
    [
        (ADD, REMOVE_SAD, "'happy', 'calm'"),
        (ADD, REORDER, "'sad', 'happy', 'calm'"),
        (RENAME, REMOVE_HAPPY, "'blue'"),
    ],
    ids=lambda value: value.describe() if isinstance(value, Operation) else value,
)
def test_other_changes_of_two_branches__both_applied_and_one_undone(
    first: Operation, second: Operation, labels: str
) -> None:
    applied(ProjectState(), CREATE, first)
    between = new_schema()
    applied(ProjectState(), second)
    assert f"enum type mood ({labels})" in new_schema()
    unapplied(ProjectState(), second)
    assert new_schema() == between


def test_label_that_two_branches_add_and_one_uses__refused_with_a_hint(lab: Lab) -> None:
    lab.write_migration("0001_initial", "CreateEnum('mood', ['happy', 'sad']),")
    for name in ("0002_one", "0002_two"):
        lab.write_migration(name, USE, "('lab', '0001_initial')")
    lab.write_migration("0003_merge", "", "('lab', '0002_one'), ('lab', '0002_two')")
    with pytest.raises(CommandError) as error:
        migrate("lab")
    assert str(error.value) == (
        "Add label 'calm' to enum type mood: the type has the label already. This migration "
        "changed nothing. If two branches make the same change, delete the operation from the "
        "later migration. Otherwise, correct the operation."
    )
    assert run_sql("SELECT count(*) FROM django_migrations WHERE app = 'lab'") == [(2,)]


USE = "AddEnumValue('mood', 'calm'), migrations.RunSQL('SELECT 1', migrations.RunSQL.noop),"


@pytest.mark.parametrize("applied_first", [True, False])
def test_type_that_two_branches_create__refused_before_anything_runs(
    lab: Lab, applied_first: bool
) -> None:
    song = """
        CreateEnum("mood", ["happy"]),
        migrations.CreateModel("{}", [
            ("id", models.AutoField(primary_key=True)),
            ("mood", EnumField(type_name="mood", labels=["happy"])),
        ]),
    """
    lab.write_migration("0001_initial", song.format("First"))
    if applied_first:
        migrate("lab")
    lab.write_migration("0002_second", song.format("Second"))
    with pytest.raises(CommandError) as error:
        migrate("lab")
    assert str(error.value) == (
        "Create enum type mood: a migration before lab.0002_second creates 'mood'. This "
        "migration changed nothing. If two branches make the same change, delete the operation "
        "from the later migration. Otherwise, correct the operation."
    )
    assert bool(run_sql("SELECT to_regtype('mood')")[0][0]) is applied_first
