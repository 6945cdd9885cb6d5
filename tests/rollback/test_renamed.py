"""Types and tables that the plan renames, or that a router keeps on another database."""

from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from config.rollback.rehearsal import rehearse
from config.rollback.rollback_plan import read_rollback
from config.rollback.rollback_transaction import Job, carry_out
from tests.rollback.helpers import GO_ON, backup_path, contents, destroyed, restore, rollback
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql

ENUM = """
class Kind(models.TextChoices):
    A = "a"

class Item(models.Model):
    kind = EnumField(Kind)
    class Meta:
        db_table = "item"
"""
WITHOUT = """
class Item(models.Model):
    class Meta:
        db_table = "item"
"""
SWAP = """
migrations.RenameModel("A", "Tmp"),
migrations.RenameModel("B", "A"),
migrations.RenameModel("Tmp", "B"),
"""


@pytest.mark.parametrize("to", ["zero", "0001"])
def test_renamed_enum_type__rolled_back_and_restored(lab: Lab, to: str) -> None:
    lab.write_models(ENUM)
    lab.make_migrations()
    lab.write_migration("0002_rename", "RenameEnum('kind', 'sort'),")
    lab.write_models(ENUM.replace("Kind", "Sort"))
    migrate("lab")
    run_sql("INSERT INTO item (kind) VALUES ('a')")
    before = contents()
    lines = rollback("--to", f"lab.{to}", *GO_ON)
    if to == "zero":
        assert "1 enum type: sort" in destroyed(lines)
        restore(lines)
        assert contents() == before
    else:
        assert "This destroys no rows." in lines


def test_dropped_enum_type__rolled_back(lab: Lab) -> None:
    lab.write_models(ENUM)
    lab.migrate()
    before = contents()
    lab.write_models(WITHOUT)
    lab.migrate()
    assert "This destroys no rows." in rollback("--to", "lab.0001", "--noinput", "--no-backup")
    assert contents()["catalog"] == before["catalog"]


def test_enum_type_dropped_and_created_with_other_labels__kept(lab: Lab) -> None:
    lab.write_models(ENUM)
    lab.make_migrations()
    again = "DropEnum('kind', ['a']), CreateEnum('kind', ['a', 'b']),"
    lab.write_migration("0002_x", f"migrations.RemoveField('Item', 'kind'), {again}")
    migrate("lab")
    rollback("--to", "lab.0001", *GO_ON, "--no-backup")
    assert run_sql("SELECT enum_range(NULL::kind)::text") == [("{a}",)]


@pytest.mark.parametrize("to", ["lab.0001", "lab.0002", "lab.0003"])
def test_unused_enum_type_that_is_dropped_and_made_again__rolled_back(lab: Lab, to: str) -> None:
    for name, operation in UNUSED.items():
        lab.write_migration(name, operation)
    for number in (1, 2, 3):
        migrate("lab", f"000{number}")
        if to == f"lab.000{number}":
            before = contents()["catalog"]
    migrate("lab")
    rollback("--to", to, *GO_ON, "--no-backup")
    assert contents()["catalog"] == before


UNUSED = {
    "0001_made": "CreateEnum('kind', ['a']),",
    "0002_renamed": "RenameEnum('kind', 'sort'),",
    "0003_dropped": "DropEnum('sort', ['a']),",
    "0004_again": "CreateEnum('kind', ['b']), CreateEnum('sort', ['c']),",
}


def test_swapped_models__each_counted_under_its_own_name(lab: Lab) -> None:
    lab.write_models("class A(models.Model):\n    pass\nclass B(models.Model):\n    pass\n")
    lab.migrate()
    run_sql("INSERT INTO lab_a DEFAULT VALUES")
    lab.write_migration("0002_swap", SWAP)
    lines = lab.migrate() and rollback("lab", *GO_ON)
    assert [line.split()[:5] for line in lines if "Create model" in line] == [
        ["Create", "model", "B", "0", "rows"],
        ["Create", "model", "A", "1", "row"],
    ]
    assert "2 tables: lab_a, lab_b" in destroyed(lines)


ADD = "migrations.AddField('B', 'size', models.IntegerField(null=True))"


def test_renamed_model__no_operation_that_django_adds_is_shown_or_stays_in_the_plan(
    lab: Lab,
) -> None:
    lab.write_models("class A(models.Model):\n    pass\n")
    lab.make_migrations()
    both = f"migrations.SeparateDatabaseAndState([{ADD}], [{ADD}]),"
    lab.write_migration("0002_x", f"migrations.RenameModel('A', 'B'), {both}")
    migrate("lab")
    plan = read_rollback(connection, to=["lab.0001"])
    dropped = rehearse(connection, plan, print)
    carry_out(Job(connection, plan, dropped), None, print)
    [(_, undone)] = dropped.migrations
    assert [(each.operation.describe(), [*map(str, each.objects)]) for each in undone] == [
        ("Add field size to B", ["lab_b.size"]),
        ("Rename model A to B", []),
    ]
    assert [len(migration.operations) for migration in plan.migrations] == [2]


class Elsewhere:
    """A router that keeps models named "remote" on another database."""

    def allow_migrate(self, db: str, app_label: str, model_name: str = "", **hints: Any) -> Any:
        return False if model_name == "remote" else None


def test_model_that_a_router_keeps_elsewhere__not_in_the_plan(lab: Lab, settings: Settings) -> None:
    settings.DATABASE_ROUTERS = [f"{__name__}.Elsewhere"]
    lab.write_models(WITHOUT + "class Remote(models.Model):\n    pass\n")
    lab.migrate()
    run_sql("INSERT INTO item DEFAULT VALUES; CREATE TABLE lab_remote ()")
    lines = rollback("lab", *GO_ON)
    assert "lab_remote" not in backup_path(lines).with_suffix(".list").read_text()
    assert "1 table: item" in destroyed(lines)
    assert lines[-6].startswith("Rolled back lab. Removed: 1 table, ")
