"""Tables partitioned by a date, in another schema, with long names."""

from datetime import date

import pytest
from django.db import connection, models
from django.test.utils import isolate_apps

from config.partitions import creation, make_months, read_partitions
from config.postgres import MonthlyPartitions
from tests.partitions.events import JUNE, moment
from tests.support.migrations import run_sql

pytestmark = pytest.mark.usefixtures("migrated_database")
LONG = "visits_" * 9


@pytest.fixture
def visit() -> type[models.Model]:
    """Return a model whose table is partitioned by a date, in another schema."""
    with isolate_apps("analytics"):

        class Visit(models.Model):
            day = models.DateField()
            number = models.IntegerField(default=0)

            class Meta:
                app_label = "analytics"
                db_table = f'stats"."{LONG}'
                constraints = (MonthlyPartitions("day", name="visits_default"),)

            def __str__(self) -> str:
                return str(self.day)

    run_sql("CREATE SCHEMA stats")
    with connection.schema_editor() as editor:
        editor.create_model(Visit)
    run_sql("SET TimeZone = 'America/New_York'")
    return Visit


@pytest.mark.parametrize("few", [1, 0], ids=["moved", "exchanged"])
def test_table_of_another_schema__months_created_there(
    few: int, visit: type[models.Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(creation, "FEW", few)
    visit._default_manager.create(day=date(2024, 6, 30), number=7)
    [name] = make_months(connection, visit, [JUNE])
    assert len(name) == 63
    assert name.endswith("_2024_06")
    found = read_partitions(connection, visit._meta.db_table)
    assert [(p.name, p.start, p.end) for p in found] == [
        (name, moment("2024-06-01"), moment("2024-07-01")),
        ("visits_default", None, None),
    ]
    assert run_sql(f'SELECT id, day, number FROM stats."{name}"') == [(1, date(2024, 6, 30), 7)]


@pytest.mark.parametrize("few", [1, 0], ids=["moved", "exchanged"])
def test_identity_key__continues_after_the_move(
    few: int, visit: type[models.Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(creation, "FEW", few)
    visit._default_manager.create(day=date(2024, 6, 30))
    make_months(connection, visit, [JUNE])
    assert visit._default_manager.create(day=date(2024, 6, 30)).pk == 2
