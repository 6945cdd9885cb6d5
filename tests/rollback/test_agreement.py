"""Rollbacks that fail, or that drop objects the plan lacks, change nothing."""

import pytest
from django.core.management import CommandError
from psycopg import sql

from tests.rollback.helpers import GO_ON, contents, refusal, rollback_until, session
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql

PLAN = "This destroys"
ITEM = """
class Item(models.Model):
    price = models.IntegerField(null=True)
    class Meta:
        db_table = "item"
"""
MORE = "DROP TABLE IF EXISTS extra; DELETE FROM users WHERE email = ''a@b.c''"


@pytest.fixture
def item(lab: Lab) -> Lab:
    lab.write_models(ITEM)
    lab.migrate()
    return lab


def refused_after_the_plan(statement: str) -> str:
    """Return the refusal of a rollback if another session runs `statement` after the plan."""
    states = []

    def execute() -> None:
        with session() as other:
            other.execute(sql.SQL(statement))
        states.append(contents())

    with pytest.raises(CommandError) as error:
        rollback_until(PLAN, execute, "--to", "lab.0001", *GO_ON, "--no-backup")
    assert [contents()] == states
    return str(error.value)


def test_table_that_would_be_dropped_but_was_not_shown__refused(item: Lab) -> None:
    item.write_migration(
        "0002_x", "migrations.RunSQL('SELECT 1', 'DROP TABLE IF EXISTS extra; DELETE FROM item'),"
    )
    migrate("lab")
    statement = "CREATE TABLE extra (id int); INSERT INTO item (price) VALUES (1)"
    assert refused_after_the_plan(statement) == (
        "The rollback would now also remove table extra, rows of item, which its plan did not "
        "show. Nothing was changed. Run rollback again, and read the new plan. Everything shown as "
        "OK is undone."
    )


def test_rows_that_would_be_deleted_but_were_not_shown__refused(item: Lab) -> None:
    item.write_migration("0002_x", "migrations.RunSQL('SELECT 1', 'DELETE FROM item'),")
    migrate("lab")
    assert refused_after_the_plan("INSERT INTO item (price) VALUES (1)") == (
        "The rollback would now also remove rows of item, which its plan did not show. Nothing was "
        "changed. Run rollback again, and read the new plan. Everything shown as OK is undone."
    )


def test_view_created_after_the_plan__refused(item: Lab) -> None:
    item.write_migration(
        "0002_size",
        "migrations.AddField('Item', 'size', models.IntegerField(null=True)),"
        "migrations.RunSQL('SELECT 1', 'SELECT 2'),",
    )
    item.write_models(
        ITEM.replace("class Meta", "size = models.IntegerField(null=True)\n    class Meta")
    )
    migrate("lab")
    assert refused_after_the_plan("CREATE VIEW sizes AS SELECT size FROM item") == (
        "Cannot unapply lab.0002_size: undoing 'Add field size to Item' fails: cannot drop "
        "column size of table item because other objects depend on it: view sizes depends on "
        "column size of table item. Nothing was changed. Drop the dependent objects, or ask "
        "their owner to. Everything shown as OK is undone."
    )


def test_reverse_code_that_fails__reported_in_one_line(item: Lab) -> None:
    item.write_migration("0002_x", "migrations.RunPython(lambda *_: None, lambda *_: {}['x']),")
    migrate("lab")
    assert refusal("lab", *GO_ON) == (
        "Cannot unapply lab.0002_x: undoing 'Raw Python operation' fails: KeyError: 'x'. Nothing "
        "was changed. Correct it; --traceback shows the code."
    )


def test_event_trigger_that_forbids_ddl__reported_in_one_line(item: Lab) -> None:
    run_sql(
        "CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql"
        " AS 'BEGIN RAISE EXCEPTION ''not in March''; END';"
        "CREATE EVENT TRIGGER forbidden ON ddl_command_start EXECUTE FUNCTION forbid()"
    )
    assert refusal("lab", *GO_ON) == (
        "Cannot unapply lab.0001_initial: undoing 'Create model Item' fails: not in March. "
        "Nothing was changed. It comes from PL/pgSQL function forbid() line 1 at RAISE, which a "
        "trigger or an event trigger of the database may have called. Change or disable the "
        "trigger (\\dy in psql lists event triggers), or use a role that it allows."
    )
