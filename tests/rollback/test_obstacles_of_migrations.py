"""Objects that migrations created by SQL, and that the plan drops first, too late, or never."""

import pytest

from tests.rollback.helpers import GO_ON, refusal, rollback
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql

ITEM = """
class Item(models.Model):
    price = models.IntegerField(null=True)
    class Meta:
        db_table = "item"
"""
VIEW = "migrations.RunSQL('CREATE VIEW prices AS SELECT price FROM item', '{}'),"
ANOTHER = "migrations.AddField('Item', 'size', models.IntegerField(null=True)),"
IN_THE_WAY = (
    "Cannot roll back lab: its migrations do not drop 1 object that depends on it: view prices "
    "(needs table item). Nothing was changed. Drop the dependent objects, or ask their owner to, "
    "and run rollback again."
)


@pytest.fixture
def item_migrations(lab: Lab) -> Lab:
    lab.write_models(ITEM)
    lab.make_migrations()
    return lab


def test_view_that_the_plan_drops__not_in_the_way(item_migrations: Lab) -> None:
    item_migrations.write_migration("0002_view", VIEW.format("DROP VIEW prices"))
    migrate("lab")
    assert rollback("lab", *GO_ON, "--no-backup")[-1].startswith("Rolled back lab. ")


def test_view_that_the_plan_keeps__in_the_way(item_migrations: Lab) -> None:
    item_migrations.write_migration("0002_view", VIEW.format(""))
    migrate("lab")
    assert refusal("lab", *GO_ON) == IN_THE_WAY


def test_view_that_the_plan_drops_too_late__in_the_way_and_why(item_migrations: Lab) -> None:
    """The migration of the view does not depend on that of the column that the view needs."""
    item_migrations.write_migration("0002_view", VIEW.format("DROP VIEW prices"))
    migrate("lab")
    item_migrations.write_migration("0003_size", ANOTHER)
    item_migrations.write_models(
        ITEM.replace("class Meta", "size = models.IntegerField(null=True)\n    class Meta")
    )
    migrate("lab")
    run_sql("CREATE OR REPLACE VIEW prices AS SELECT price, size FROM item")
    assert refusal("lab", *GO_ON) == (
        IN_THE_WAY.replace("table item", "column size of table item")
        + " Without them, another error remains: Cannot unapply lab.0002_view: undoing 'Raw SQL "
        "operation' fails: "
        'view "prices" does not exist. Nothing was changed. Create it first; manage.py '
        "verify_schema shows what else differs."
    )


PARENT = """
class Item(models.Model):
    parent = models.ForeignKey("self", models.CASCADE, null=True)
"""
WRITE = "INSERT INTO lab_item (parent_id) VALUES (NULL)"


def test_rows_written_before_their_table_is_altered__refused_with_the_next_step(lab: Lab) -> None:
    lab.write_models(PARENT)
    lab.make_migrations()
    lab.write_migration(
        "0002_x",
        f"""
        migrations.AddField("Item", "size", models.IntegerField(null=True)),
        migrations.RunSQL("SELECT 1", {WRITE!r}),
    """,
    )
    migrate("lab")
    assert refusal("--to", "lab.0001", *GO_ON) == (
        "Cannot unapply lab.0002_x: undoing 'Add field size to Item' fails: cannot ALTER TABLE "
        '"lab_item" because it has pending trigger events. Nothing was changed. Move the code that '
        "writes rows of the table into a separate migration."
    )


def test_rows_written_before_a_later_migration_drops_their_table__rolled_back(lab: Lab) -> None:
    lab.write_models(PARENT)
    lab.make_migrations()
    lab.write_migration("0002_x", f"migrations.RunSQL('SELECT 1', '{WRITE}'),")
    migrate("lab")
    assert rollback("lab", *GO_ON, "--no-backup")[-1].startswith("Rolled back lab.")
