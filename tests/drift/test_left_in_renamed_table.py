"""Columns removed only from the models, in tables that were renamed afterwards."""

from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql
from tests.support.verify_schema import IDENTICAL, verify_schema

MODELS = """
class {}(models.Model):
    size = models.IntegerField(null=True)
"""
FORGET = """
    migrations.SeparateDatabaseAndState(
        state_operations=[migrations.RemoveField("Item", "size")]
    ),
    migrations.RenameModel("Item", "Thing"),
"""


def test_column_removed_from_the_models_before_the_table_is_renamed__expected(lab: Lab) -> None:
    lab.write_models(MODELS.format("Item"))
    lab.migrate()
    lab.write_migration("0002_forget", FORGET)
    lab.write_models("class Thing(models.Model):\n    pass\n")
    migrate()
    assert verify_schema("-v0").verdict == IDENTICAL
    run_sql("ALTER TABLE lab_thing ADD weight int")
    assert verify_schema("-v0").verdict != IDENTICAL
