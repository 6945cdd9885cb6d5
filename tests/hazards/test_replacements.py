"""Migration files that check_migrations prints to replace a migration."""

import re
import uuid
from typing import Any

import pytest
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    Migration,
    RemoveField,
    RenameField,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation

from config.hazards.replacements import replacement_files
from config.postgres.enums.operations import AddEnumValue, CreateEnum, DropEnum
from tests.hazards.music import before, find_in
from tests.hazards.test_alternatives import load
from tests.hazards.test_check_migrations import check
from tests.hazards.test_rules import CHECK, INDEX, add
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql, schema
from tests.support.verify_schema import verify_schema

EMPTY = add("comment", models.TextField(null=True))
NEW_DATE = AddField("label", "since", models.DateField(null=True))
CONCURRENTLY = "AddIndexConcurrently"


def files(connection: BaseDatabaseWrapper, *operations: Operation, **attributes: Any) -> list[str]:
    return replacement_files(find_in(connection, *operations, **attributes))


def loaded(
    connection: BaseDatabaseWrapper, *operations: Operation, **attributes: Any
) -> list[Migration]:
    return [load(source) for source in files(connection, *operations, **attributes)]


def kinds(migrations: list[Migration]) -> list[list[str]]:
    """Return the names of the classes of the operations of each migration."""
    return [[type(operation).__name__ for operation in item.operations] for item in migrations]


# Contents of the files


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        (
            [CreateEnum("tempo", ["slow"]), AddIndex("album", INDEX), EMPTY],
            [["CreateEnum"], [CONCURRENTLY], ["AddField"]],
        ),
        (
            [EMPTY, AddConstraint("album", CHECK), NEW_DATE],
            [["AddField", "AddConstraintNotValid"], ["ValidateConstraint"], ["AddField"]],
        ),
        (
            [RemoveField("album", "mood"), DropEnum("mood", ["happy", "sad"]), EMPTY],
            [["SeparateDatabaseAndState", "AddField"], ["RunSQL"], ["DropEnum"]],
        ),
        (
            [AddEnumValue("mood", "mad"), EMPTY],
            [["AddEnumValue"], ["AddField"]],
        ),
        (
            [RemoveField("album", "rating"), add("rating", models.TextField(null=True)),
             AddIndex("album", INDEX)],
            [["RemoveField", "AddField"], [CONCURRENTLY]],
        ),
        (
            [AlterField("album", "rating", models.BigIntegerField(null=True)),
             AddIndex("album", models.Index(fields=["rating"], name="by_rating"))],
            [["AlterField"], [CONCURRENTLY]],
        ),
        (
            [RunSQL("UPDATE music_album SET rating = 1", ""), EMPTY],
            [["RunSQL"], ["AddField"]],
        ),
    ],
)  # fmt: skip
def test_files__hold_all_operations_in_an_order_that_works(
    no_tables: BaseDatabaseWrapper, operations: list[Operation], expected: list[list[str]]
) -> None:
    assert kinds(loaded(no_tables, *operations)) == expected


def test_state_operations_of_rewritten_sql__kept(no_tables: BaseDatabaseWrapper) -> None:
    state = [AddConstraint("album", CHECK)]
    sql = "ALTER TABLE music_album ADD CONSTRAINT album_price_min CHECK (price >= 0)"
    for operation in (
        RunSQL(sql, "", state_operations=state),
        SeparateDatabaseAndState(database_operations=[RunSQL(sql, "")], state_operations=state),
    ):
        *_, last = loaded(no_tables, operation)
        wrapped = last.operations[-1]
        assert isinstance(wrapped, SeparateDatabaseAndState)
        assert [type(item).__name__ for item in wrapped.state_operations] == ["AddConstraint"]


def test_operation_after_a_rename_that_keeps_the_column__uses_that_column(
    no_tables: BaseDatabaseWrapper,
) -> None:
    unique = models.UniqueConstraint(fields=["points"], name="by_points")
    source = "".join(
        files(no_tables, RenameField("album", "rating", "points"), AddConstraint("album", unique))
    )
    assert 'CREATE UNIQUE INDEX CONCURRENTLY "by_points" ON "music_album" ("rating")' in source


def test_attributes_of_the_migration__kept(no_tables: BaseDatabaseWrapper) -> None:
    first, last = loaded(
        no_tables,
        AddIndex("album", INDEX),
        AddConstraint("album", CHECK),
        initial=False,
        dependencies=[("users", "0001_initial")],
        run_before=[("courses", "0001_initial")],
        hazards_accepted={"require-concurrent-index-creation": "Small."},
    )
    assert (first.dependencies, first.run_before) == ([("users", "0001_initial")], [])
    assert (last.dependencies, last.run_before) == (
        [("music", "0002_change")],
        [("courses", "0001_initial")],
    )
    accepted = {"require-concurrent-index-creation": "Small."}
    assert getattr(first, "hazards_accepted", {}) == accepted
    assert not getattr(last, "hazards_accepted", {})


@pytest.mark.parametrize(
    "field", [models.IntegerField(default=0), models.UUIDField(default=uuid.uuid4)]
)
def test_one_off_default__not_in_the_final_state(
    no_tables: BaseDatabaseWrapper, field: Any
) -> None:
    state = before()
    for item in loaded(no_tables, AddField("album", "code", field, preserve_default=False)):
        state = item.mutate_state(state)
    code = state.models["music", "album"].fields["code"]
    assert (code.null, code.has_default(), code.has_db_default()) == (False, False, False)


def test_files__have_names_of_which_none_begins_with_another(
    no_tables: BaseDatabaseWrapper,
) -> None:
    heads = [
        source.partition("\n")[0]
        for source in files(no_tables, AddConstraint("album", CHECK), name="0009_x")
    ]
    assert heads == ["# 0009_x.py. With this release:", "# 0010_x.py. After that:"]


def test_migration_that_replaces_others__has_no_files(no_tables: BaseDatabaseWrapper) -> None:
    assert files(no_tables, AddIndex("album", INDEX), replaces=[("music", "0001_initial")]) == []


def test_accepted_hazards_alone__have_no_files(no_tables: BaseDatabaseWrapper) -> None:
    accepted = {"require-concurrent-index-creation": "Small."}
    assert files(no_tables, AddIndex("album", INDEX), hazards_accepted=accepted) == []


# Effects of the files


MOODS = """
class Mood(models.TextChoices):
    SAD = "sad"
    HAPPY = "happy"
"""
ITEM = """
class Owner(models.Model):
    name = models.CharField(max_length=20)

class Item(models.Model):
    name = models.CharField(max_length=20)
    note = models.TextField(null=True)
    n = models.IntegerField(null=True)
"""
OWNER, _, WITHOUT_OWNER = ITEM.partition("\nclass Item")
ROWS = "INSERT INTO lab_item (name, n) VALUES ('a', 1), ('b', 2);"
CHANGES: dict[str, tuple[str, str, str]] = {
    "new enum types": (
        ITEM, ROWS,
        f"{MOODS}{ITEM}    mood = EnumField(Mood, default=Mood.SAD)\n"
        "    other = EnumField(Mood, null=True, unique=True)\n",
    ),
    "several hazards": (
        ITEM, ROWS,
        ITEM.replace("note = models.TextField(null=True)", 'note = models.TextField(default="")')
        .replace("IntegerField(null=True)", "IntegerField(null=True, unique=True)")
        + "    owner = models.ForeignKey(Owner, models.CASCADE, null=True)\n"
        "class New(models.Model):\n    n = models.IntegerField()\n",
    ),
    "an odd table": (
        f"{ITEM}    class Meta:\n        db_table = 'Odd Items'\n",
        ROWS.replace("lab_item", '"Odd Items"'),
        f"{ITEM}    k = models.IntegerField(default=1, db_column='Odd Column')\n"
        "    class Meta:\n        db_table = 'Odd Items'\n"
        "        constraints = [models.UniqueConstraint(fields=['n'], name='Odd u')]\n",
    ),
    "a removed enum type": (
        f"{MOODS}{ITEM}    mood = EnumField(Mood, null=True)\n", ROWS, ITEM,
    ),
}  # fmt: skip


def paste(lab: Lab) -> list[str]:
    """Replace the last migration by the printed files; return the names of the files."""
    *_, last = lab.migrations
    lines = "\n".join(check("lab", last).lines).replace("\n    ", "\n")
    found = re.findall(
        r"^# (\S+)\.py\. [^\n]*:\n(.*?)(?=^# \S+\.py\. |^  Or accept)", lines, re.M | re.S
    )
    for name, source in found:
        (lab.package / "migrations" / f"{name}.py").write_text(source)
    lab.reload()
    return [name for name, _ in found]


def rows() -> list[tuple[Any, ...]]:
    [(table,)] = run_sql("SELECT relname FROM pg_class WHERE relname IN ('lab_item', 'Odd Items')")
    return run_sql(f'SELECT id, name, n FROM "{table}" ORDER BY id')


@pytest.mark.parametrize("change", CHANGES)
def test_files_in_place_of_the_migration__run_forwards_and_backwards(lab: Lab, change: str) -> None:
    old, insert, new = CHANGES[change]
    lab.write_models(old)
    lab.migrate()
    run_sql(insert)
    at_first = schema(), rows()
    lab.write_models(new)
    lab.make_migrations()
    *others, _ = ["0001_initial", *paste(lab)]
    migrate()
    assert verify_schema("lab").status == 0
    for name in reversed(others):  # migrations that are not atomic are undone one by one
        migrate("lab", name)
    assert (schema(), rows()) == at_first


def test_files_for_a_deleted_model__keep_its_rows_until_the_last(lab: Lab) -> None:
    lab.write_models(ITEM)
    lab.migrate()
    run_sql(ROWS)
    lab.write_models(OWNER)
    lab.make_migrations()
    first, last = paste(lab)
    migrate("lab", first)
    kept = rows()
    migrate("lab", "0001")
    assert kept == rows() == [(1, "a", 1), (2, "b", 2)]
    migrate("lab", last)
    assert run_sql("SELECT to_regclass('lab_item')") == [(None,)]


def test_functions_and_classes_of_the_migration_file__copied(lab: Lab) -> None:
    lab.write_models(ITEM)
    lab.migrate()
    run_sql(ROWS)
    lab.write_migration("0002_x", f"{FILL}, {VIEW}, {LAB_INDEX}")
    path = lab.package / "migrations" / "0002_x.py"
    path.write_text(path.read_text().replace("\nclass Migration", f"{CODE}\n\nclass Migration"))
    lab.reload()
    paste(lab)
    lab.write_models(
        ITEM + "    class Meta:\n        indexes = [models.Index(fields=['n'], name='i')]\n"
    )
    migrate("lab")
    assert run_sql("SELECT n, k FROM lab_item JOIN v ON true") == [(7, 3), (7, 3)]


CODE = """
import functools
@functools.cache
def seven(): return 7

def fill(apps, editor):
    apps.get_model("lab", "Item").objects.update(n=seven())

class Odd(migrations.RunSQL):
    def describe(self): return "Odd"
"""
FILL = "migrations.RunPython(fill, migrations.RunPython.noop)"
VIEW = 'Odd("CREATE VIEW v AS SELECT 3 AS k", "DROP VIEW v")'
LAB_INDEX = 'migrations.AddIndex("item", models.Index(fields=["n"], name="i"))'
