"""Objects that the migration state lacks: listed in the plan, and restored."""

from dataclasses import dataclass

import pytest

from config.console import check_options
from config.rollback.management.commands import rollback as command
from tests.rollback.helpers import GO_ON, contents, destroyed, restore, rollback
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql

KEEP = """
class Keep(models.Model):
    class Meta:
        db_table = "keep"
"""
ITEM = """
class Item(models.Model):
    price = models.IntegerField(null=True)
    class Meta:
        db_table = "item"
"""
STATE_ONLY = "migrations.SeparateDatabaseAndState(state_operations=[{}]),"


@dataclass(frozen=True)
class Case:
    """A migration of the tables keep and item, and the items that its rollback destroys."""

    operations: str
    models: str
    to: str
    destroyed: list[str]


CASES = {
    "deleted model": Case(
        STATE_ONLY.format("migrations.DeleteModel('Item')"),
        KEEP,
        "zero",
        [
            "500 rows in 2 tables, 88 kB with indexes",
            "2 tables: item, keep",
            "4 rows of auth_permission about the models that are removed",
            "1 row of django_content_type about the models that are removed",
        ],
    ),
    "renamed table": Case(
        "migrations.RunSQL('ALTER TABLE item RENAME TO \"Old Item\"',"
        " 'ALTER TABLE \"Old Item\" RENAME TO item'),"
        + STATE_ONLY.format("migrations.DeleteModel('Item')"),
        KEEP,
        "zero",
        [
            "500 rows in 2 tables, 88 kB with indexes",
            '2 tables: "Old Item", keep',
            "4 rows of auth_permission about the models that are removed",
            "1 row of django_content_type about the models that are removed",
            "other data that the code of the migrations changes when they are unapplied",
        ],
    ),
    "moved model": Case(
        STATE_ONLY.format(
            "migrations.DeleteModel('Item'),"
            "migrations.CreateModel('Stock', [('id', models.BigAutoField(primary_key=True))],"
            " {'db_table': 'item'})"
        ),
        KEEP + "class Stock(models.Model):\n    class Meta:\n        db_table = 'item'\n",
        "zero",
        [
            "500 rows in 2 tables, 88 kB with indexes",
            "2 tables: item, keep",
            "8 rows of auth_permission about the models that are removed",
            "2 rows of django_content_type about the models that are removed",
        ],
    ),
    "column": Case(
        "migrations.AddField('Item', 'size', models.IntegerField(db_default=1)),"
        + STATE_ONLY.format("migrations.RemoveField('Item', 'size')"),
        KEEP + ITEM,
        "0001",
        ["500 values in column item.size, 2.0 kB"],
    ),
    "table by SQL": Case(
        "migrations.RunSQL('CREATE TABLE log (n int); INSERT INTO log VALUES (1), (2)',"
        " 'DROP TABLE log'),",
        KEEP + ITEM,
        "0001",
        [
            "2 rows in 1 table, 8.0 kB with indexes",
            "1 table: log",
            "other data that the code of the migrations changes when they are unapplied",
        ],
    ),
    "table of another app": Case(
        "migrations.RunSQL('SELECT 1', 'DROP TABLE user_profiles'),",
        KEEP + ITEM,
        "0001",
        [
            "0 rows in 1 table, 24 kB with indexes",
            "1 table: user_profiles",
            "other data that the code of the migrations changes when they are unapplied",
        ],
    ),
    "rows": Case(
        "migrations.RunSQL('SELECT 1', 'DELETE FROM item WHERE price > 100'),",
        KEEP + ITEM,
        "0001",
        [
            "400 rows of item; the table stays",
            "other data that the code of the migrations changes when they are unapplied",
        ],
    ),
    "truncated table": Case(
        "migrations.RunSQL('SELECT 1', 'TRUNCATE item'),",
        KEEP + ITEM,
        "0001",
        [
            "500 rows of item; the table stays",
            "other data that the code of the migrations changes when they are unapplied",
        ],
    ),
    "recreated table": Case(
        "migrations.RunSQL('SELECT 1', 'DROP TABLE item; CREATE TABLE item (id bigint)'),",
        KEEP + ITEM,
        "0001",
        [
            "500 rows in 1 table, 80 kB with indexes",
            "1 table: item",
            "other data that the code of the migrations changes when they are unapplied",
        ],
    ),
}


@pytest.fixture
def item_with_rows(lab: Lab) -> Lab:
    """Return the app with tables keep and item, of which item has rows."""
    lab.write_models(KEEP + ITEM)
    lab.migrate()
    run_sql("INSERT INTO item (price) SELECT n FROM generate_series(1, 500) AS n")
    return lab


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_object_unknown_to_the_state__named_asked_about_and_restored(
    item_with_rows: Lab, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_with_rows.write_migration("0002_x", case.operations)
    item_with_rows.write_models(case.models)
    migrate("lab")
    before = contents()
    consents = note_consents(monkeypatch)
    lines = rollback("--to", f"lab.{case.to}", *GO_ON)
    assert consents == [True]
    assert destroyed(lines) == case.destroyed
    assert contents() != before
    restore(lines)
    assert contents() == before


def note_consents(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return a list to which each rollback adds whether it needs consent."""
    consents: list[bool] = []

    def check(*, is_dangerous: bool, may_destroy_data: bool) -> None:
        consents.append(is_dangerous)
        check_options(is_dangerous=is_dangerous, may_destroy_data=may_destroy_data)

    monkeypatch.setattr(command, "check_options", check)
    return consents
