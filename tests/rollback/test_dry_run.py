"""rollback --dry-run: a script that does what rollback does, and nothing until it is run."""

from django.db import connection

from tests.rollback.helpers import GO_ON, contents, names, rollback
from tests.support.migrations import extra_migration, migrate, new_database, run_sql


def dry_run(*arguments: str) -> str:
    return "\n".join(rollback(*arguments, "--dry-run"))


def test_dry_run__changes_nothing_and_its_script_does_what_rollback_does(
    filled: str, database: str
) -> None:
    before = contents()
    script = dry_run("payments")
    assert contents() == before
    run_sql(script)
    after = contents()
    with new_database(filled):
        rollback("payments", *GO_ON, "--no-backup")
        assert contents() == after


def test_script_of_dry_run_of_a_renamed_model__renames_its_content_type(database: str) -> None:
    before = run_sql("SELECT * FROM django_content_type ORDER BY id")
    rename = "operations = [migrations.RenameModel('Notification', 'Notice')]"
    with extra_migration("notifications", rename):
        migrate("notifications")
        run_sql(dry_run("--to", "notifications.0001"))
    assert run_sql("SELECT * FROM django_content_type ORDER BY id") == before


def test_script_of_dry_run_of_everything__leaves_nothing(database: str) -> None:
    run_sql(dry_run())
    assert names() == set()


def test_script_of_dry_run__one_transaction(unchanged: str) -> None:
    statements = dry_run("--to", "enrollments.0001").splitlines()
    assert statements[:2] == [
        "-- Rolls back enrollments to 0001_initial. "
        "To run it: psql --set ON_ERROR_STOP=on --file FILE",
        "BEGIN;",
    ]
    assert statements[-1] == "COMMIT;"
    assert connection.is_usable()
