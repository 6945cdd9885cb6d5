"""The script of rollback --dry-run has the same effect as rollback."""

from django.db import connection

from tests.rollback.helpers import names, rollback
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql


def dry_run(*arguments: str) -> str:
    return "\n".join(rollback(*arguments, "--dry-run"))


def test_script_of_dry_run_of_a_renamed_model__renames_its_content_type(lab: Lab) -> None:
    lab.write_models("class Note(models.Model):\n    pass\n")
    lab.migrate()
    before = run_sql("SELECT * FROM django_content_type ORDER BY id")
    lab.write_migration("0002_x", "migrations.RenameModel('Note', 'Notice'),")
    migrate("lab")
    assert run_sql("SELECT * FROM django_content_type ORDER BY id") != before
    run_sql(dry_run("--to", "lab.0001"))
    assert run_sql("SELECT * FROM django_content_type ORDER BY id") == before


def test_script_of_dry_run_of_everything__leaves_nothing(accounts_copy: str) -> None:
    run_sql(dry_run())
    assert names() == set()


def test_script_of_dry_run__one_transaction(small_unchanged: str) -> None:
    statements = dry_run("users").splitlines()
    assert statements[:2] == [
        "-- Rolls back users. To run it: psql --set ON_ERROR_STOP=on --file FILE",
        "BEGIN;",
    ]
    assert statements[-1] == "COMMIT;"
    assert connection.is_usable()
