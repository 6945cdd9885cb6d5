"""Renamed objects and long names in all commands."""

import pytest

from tests.migrating.sessions import migrate_until, session
from tests.rollback.helpers import GO_ON, contents, rollback
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql
from tests.support.verify_schema import IDENTICAL, verify_schema

LONG_TABLE = "t" * 60
CYRILLIC = "ж" * 31
BEFORE = f"""
    class Kind(models.TextChoices):
        ODD = "odd"

    class Shelf(models.Model):
        code = models.CharField(max_length=9, primary_key=True)

    class Item(models.Model):
        name = models.CharField(max_length=9, unique=True)
        size = models.PositiveIntegerField(db_index=True, db_column="{CYRILLIC}")
        kind = EnumField(Kind, db_index=True, db_default=Kind.ODD)
        shelf = models.ForeignKey(Shelf, models.CASCADE)
        parent = models.OneToOneField("self", models.CASCADE, null=True)
        siblings = models.ManyToManyField("self")

        class Meta:
            unique_together = [("name", "size")]
            indexes = [models.Index(fields=["size"], name="lab_item_other_idx")]

    class Long(models.Model):
        size = models.PositiveIntegerField()
        first = models.ManyToManyField(Item, related_name="+")
        second = models.ManyToManyField(Item, related_name="+")

        class Meta:
            db_table = "{LONG_TABLE}"
"""
AFTER = (
    BEFORE.replace("name = models", "title = models")
    .replace('("name",', '("title",')
    .replace("Item", "Thing")
    .replace("Shelf", "Rack")
    .replace(CYRILLIC, f"{CYRILLIC[1:]}й")
    .replace(LONG_TABLE, f"{LONG_TABLE}t")
)


def test_renamed_models__leave_no_drift_forwards_or_backwards(lab: Lab) -> None:
    lab.write_models(BEFORE)
    lab.migrate()
    assert verify_schema().verdict == IDENTICAL
    before = contents()["catalog"]
    lab.write_models(AFTER)
    lab.migrate()
    assert verify_schema().verdict == IDENTICAL
    renamed = contents()["catalog"]
    run_sql("\n".join(rollback("--to", "lab.0001", "--dry-run")))
    assert contents()["catalog"] == before
    migrate("lab")
    assert contents()["catalog"] == renamed
    rollback("--to", "lab.0001", *GO_ON)
    assert contents()["catalog"] == before
    lab.write_models(BEFORE)
    [*_, second] = lab.migrations
    (lab.package / "migrations" / f"{second}.py").unlink()
    lab.reload()
    assert verify_schema().verdict == IDENTICAL


KEY = 'models.ForeignKey("lab.Shelf", models.CASCADE, to_field="name", null={})'
SHELF = """
migrations.CreateModel("Shelf", [
    ("id", models.BigAutoField(primary_key=True)),
    ("name", models.CharField(max_length=9, unique=True)),
]),
"""
ITEM = f'migrations.CreateModel("Item", [("shelf", {KEY.format(False)})]),'
ALTER = f'migrations.AlterField("Item", "shelf", {KEY.format(True)}),'
RENAME = 'migrations.RenameField("Shelf", "name", "code"),'
COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = 'lab_shelf'::regclass"


def test_referenced_key_renamed_later_in_the_plan__is_renamed_in_the_database(lab: Lab) -> None:
    """Django renames a field of an operation in place when the hazards of the plan are read."""
    lab.write_migration("0001_x", SHELF)
    migrate("lab")
    lab.write_migration("0002_x", ITEM)
    lab.write_migration("0003_x", ALTER + RENAME)
    migrate("lab")
    assert ("code",) in run_sql(COLUMNS)


ITEM_AND_RENAME = [("0002_x", ITEM), ("0003_x", RENAME)]


@pytest.mark.parametrize("migrations", [ITEM_AND_RENAME, [("0002_x", ITEM + RENAME)]])
def test_referenced_key_that_is_renamed__unapplied_under_both_names(
    lab: Lab, migrations: list[tuple[str, str]]
) -> None:
    lab.write_migration("0001_x", SHELF)
    for name, operations in migrations:
        lab.write_migration(name, operations)
    migrate("lab")
    migrate("lab", "0001")
    assert run_sql("SELECT to_regclass('lab_item')::text") == [(None,)]
    assert ("name",) in run_sql(COLUMNS)


def test_key_with_references_renamed_while_a_session_reads__waits_and_is_renamed(
    lab: Lab,
) -> None:
    lab.write_migration("0001_x", SHELF)
    migrate("lab")
    lab.write_migration("0002_x", ITEM + RENAME)
    with session() as reader:
        reader.execute("BEGIN; SELECT FROM lab_shelf")
        migrate_until("Trying again", reader.rollback, "lab")
    assert ("code",) in run_sql(COLUMNS)
