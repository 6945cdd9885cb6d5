"""Objects that a rollback creates: dropped when its backup is restored."""

import pytest

from tests.rollback.helpers import GO_ON, contents, destroyed, restore, rollback
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql

BEFORE = """
class Kind(models.TextChoices):
    A = "a"

class Keep(models.Model):
    kind = EnumField(Kind)

class Event(models.Model):
    at = models.DateTimeField()
    class Meta:
        db_table = "events"
        constraints = [MonthlyPartitions("at", name="events_default")]

class Item(models.Model):
    kind = EnumField(Kind)
    n = models.IntegerField()
    twice = models.GeneratedField(
        expression=models.F("n") * 2, output_field=models.IntegerField(), db_persist=True
    )
    keeps = models.ManyToManyField(Keep)
"""
AFTER = {
    "deleted models": BEFORE.partition("class Event")[0],
    "deleted field": BEFORE.replace("    keeps = models.ManyToManyField(Keep)\n", ""),
    "renamed table and months": BEFORE.replace('db_table = "events"', 'db_table = "occasions"')
    + "    class Meta:\n        db_table = 'items'\n",
}

CREATED = """
migrations.RunSQL(
    "SELECT 1",
    '''
    CREATE TABLE "Old Log" (id bigserial PRIMARY KEY);
    INSERT INTO "Old Log" DEFAULT VALUES;
    CREATE TEMPORARY TABLE copied AS TABLE "Old Log";
    CREATE VIEW logs AS TABLE "Old Log";
    CREATE FUNCTION size(lab_item, int) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE TYPE mood AS ENUM ('sad');
    ''',
),
"""


@pytest.mark.parametrize("after", AFTER.values(), ids=AFTER)
def test_objects_that_a_rollback_creates__dropped_by_the_restore(lab: Lab, after: str) -> None:
    lab.write_models(BEFORE)
    lab.migrate()
    run_sql("INSERT INTO lab_keep (kind) VALUES ('a')")
    lab.write_models(after)
    lab.migrate()
    before = contents()
    lines = rollback("--to", "lab.0001", *GO_ON)
    assert contents()["catalog"] != before["catalog"]
    restore(lines)
    assert contents() == before


OTHERS = """
import psycopg

def act(apps, editor):
    with psycopg.connect(**editor.connection.get_connection_params()) as other:
        other.execute("SET lock_timeout = 100")
        other.execute("CREATE TABLE IF NOT EXISTS theirs (id int)")
        other.execute("DROP TABLE IF EXISTS gone")
        other.execute("TRUNCATE legacy; INSERT INTO legacy VALUES (1), (2)")
"""


def test_changes_by_other_sessions_during_the_rehearsal__kept_by_the_restore(lab: Lab) -> None:
    run_sql("CREATE TABLE legacy (id int); CREATE TABLE gone ()")
    lab.write_models("class Item(models.Model):\n    pass\n")
    lab.make_migrations()
    (lab.package / "code.py").write_text(OTHERS)
    act = "migrations.RunPython(migrations.RunPython.noop, __import__('lab.code').code.act),"
    lab.write_migration("0002_x", act)
    migrate("lab")
    lines = rollback("--to", "lab.0001", *GO_ON)
    assert destroyed(lines) == [
        "other data that the code of the migrations changes when they are unapplied"
    ]
    run_sql("INSERT INTO legacy VALUES (3)")
    lines = restore(lines)
    assert lines[0].endswith("rows written since the backup will be lost.")
    assert run_sql("SELECT to_regclass('theirs'), count(*) FROM legacy") == [("theirs", 3)]


def test_views_and_functions_that_a_rollback_creates__dropped_by_the_restore(lab: Lab) -> None:
    lab.write_models("class Item(models.Model):\n    pass\n")
    lab.make_migrations()
    lab.write_migration("0002_x", CREATED)
    migrate("lab")
    before = contents()
    lines = restore(rollback("--to", "lab.0001", *GO_ON))
    assert contents() == before
    assert lines[0].endswith(
        ' It drops objects that the rollback created: table public."Old Log", view public.logs, '
        "routine public.size(public.lab_item,integer), type public.mood."
    )
