"""Objects that the migration state does not know by now: named, asked about, and backed up."""

import pytest

from tests.rollback.helpers import GO_ON, refusal, rollback
from tests.support.lab import Lab
from tests.support.migrations import run_sql

NEEDS_CONSENT = (
    "Data would be destroyed, and --noinput alone does not allow it. Nothing was changed. "
    "Add --yes-destroy-data."
)
KEEP = "class Keep(models.Model):\n    class Meta: db_table = 'keep'\n"
ITEM = "class Item(models.Model):\n    price = models.IntegerField(null=True)\n    class Meta: db_table = 'item'\n"


@pytest.fixture
def item(lab: Lab) -> Lab:
    """Return the app with tables keep and item, of which item has rows."""
    lab.write_models(KEEP + ITEM)
    lab.migrate()
    run_sql("INSERT INTO item (price) SELECT n FROM generate_series(1, 500) AS n")
    return lab


def test_x(item: Lab) -> None:
    item.write_migration(
        "0002_x",
        "migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel('Item')]),",
    )
    item.write_models(KEEP)
    item.migrate()
    print("\n".join(rollback("lab", *GO_ON)))
    print(refusal("lab", "--noinput"))
    assert 0
