"""The ledger, django_migrations, compared with the migration files and the models."""

from dataclasses import replace
from pathlib import Path
from typing import LiteralString

import pytest
from django.db import ProgrammingError
from pytest_django import Settings

from config.drift import manual_repair, title
from config.drift.difference import Drift
from config.drift.migration_records import (
    LATER,
    RECORDS,
    SKIPPED,
    UNMIGRATED,
    check_ledger,
    load_migrations,
)
from config.postgres.catalog import Key
from tests.support.databases import Database
from tests.support.verify_schema import Run, drift
from users.models import User

ORIGINAL = """
from importlib import import_module
Migration = import_module("notifications.migrations.0001_initial").Migration
"""
EMPTY = """
from django.db import migrations
class Migration(migrations.Migration):
    dependencies = [("notifications", "{dependency}")]
"""
EXTENSION = """
from django.contrib.postgres.operations import CreateExtension
from django.db import migrations
class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]
    operations = [CreateExtension("levitation")]
"""
SQUASHED = """
from importlib import import_module
class Migration(import_module("notifications.migrations.0001_initial").Migration):
    replaces = [("notifications", "0001_initial"), ("notifications", "0002_more")]
"""

ITEM = Key("migration", "lab", "0002_more")


@pytest.fixture
def notifications(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Path:
    """Give the app an empty directory for its migrations, and return its path."""
    package = tmp_path / f"migrations_{tmp_path.name}"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    settings.MIGRATION_MODULES = settings.MIGRATION_MODULES | {"notifications": package.name}
    return package


def drifts(database: Database) -> list[Drift]:
    return list(check_ledger(load_migrations(database.connection), database.connection))


def migration(name: str) -> Key:
    return Key("migration", "notifications", name)


def test_ledger_of_migrated_database__no_drift(shared_clone: Database) -> None:
    assert drifts(shared_clone) == []


def test_ledger_with_new_migration__missing(shared_clone: Database, notifications: Path) -> None:
    (notifications / "0001_initial.py").write_text(ORIGINAL)
    (notifications / "0002_more.py").write_text(EMPTY.format(dependency="0001_initial"))
    assert drifts(shared_clone) == [Drift(migration("0002_more"), "missing")]


def test_ledger_with_unknown_migration__extra(shared_clone: Database) -> None:
    ghost = (
        "INSERT INTO django_migrations (app, name, applied) VALUES ('notifications', 'x', now())"
    )
    with shared_clone.changed(ghost):
        assert drifts(shared_clone) == [Drift(migration("x"), "extra")]


def test_ledger_with_replaced_migrations__no_drift(
    shared_clone: Database, notifications: Path
) -> None:
    (notifications / "0001_squashed_0002_more.py").write_text(SQUASHED)
    rows = (
        "INSERT INTO django_migrations (app, name, applied)"
        " VALUES ('notifications', '0001_squashed_0002_more', now())"
    )
    with shared_clone.changed(rows):
        assert drifts(shared_clone) == []


def test_ledger_that_contradicts_the_order__missing_and_different(
    shared_clone: Database, notifications: Path
) -> None:
    (notifications / "0001_initial.py").write_text(ORIGINAL)
    (notifications / "0002_more.py").write_text(EMPTY.format(dependency="0001_initial"))
    renamed = "UPDATE django_migrations SET name = '0002_more' WHERE app = 'notifications'"
    attribute = "dependencies that are unapplied"
    with shared_clone.changed(renamed):
        assert drifts(shared_clone) == [
            Drift(migration("0001_initial"), "missing"),
            Drift(
                migration("0002_more"), "different", attribute, [], ["notifications.0001_initial"]
            ),
        ]


def test_ledger_of_changed_model__different(
    shared_clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(User._meta.get_field("email"), "max_length", 300)
    assert drifts(shared_clone) == [without_migration("users", "Alter field email on user")]


def test_ledger_of_app_without_migrations__different(
    shared_clone: Database, settings: Settings
) -> None:
    settings.MIGRATION_MODULES = settings.MIGRATION_MODULES | {"notifications": None}
    [ghost, models] = drifts(shared_clone)
    assert ghost == Drift(migration("0001_initial"), "extra")
    assert models == replace(without_migration("notifications", ""), found=models.found)
    assert isinstance(models.found, list)
    assert "Create model Notification" in models.found


def test_ledger_of_changed_labels__different(
    shared_clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(User._meta.get_field("role"), "labels", ("student", "admin"))
    assert drifts(shared_clone) == [
        without_migration("users", "Alter enum type role: remove 'educator'")
    ]


@pytest.mark.parametrize(
    ("drift", "words"),
    [
        (
            Drift(ITEM, "missing"),
            "migration lab.0002_more is not applied: run manage.py migrate lab",
        ),
        (
            Drift(ITEM, "extra"),
            "migration lab.0002_more is applied, but not in the code: restore its file, or delete "
            "its record from django_migrations",
        ),
        (
            Drift(ITEM, "different", SKIPPED),
            "migration lab.0002_more: dependencies that are unapplied: if the database already has "
            "the changes of these dependencies, add their records to django_migrations; manage.py "
            "migrate refuses to run until then",
        ),
        (
            Drift(ITEM, "different", LATER),
            "migration lab.0002_more: dependencies that were applied later: if nothing else "
            "differs, only the order of the records in django_migrations is wrong",
        ),
        (
            Drift(ITEM, "different", RECORDS),
            "migration lab.0002_more: records in django_migrations: delete all but one of its "
            "records from django_migrations",
        ),
        (
            Drift(Key("migration", "lab", "models"), "different", UNMIGRATED),
            "models of app lab: changes that have no migration: run manage.py makemigrations lab, "
            "and then manage.py migrate lab",
        ),
    ],
    ids=["unapplied", "unknown", "skipped", "later", "twice", "no migration"],
)
def test_drift_of_the_ledger__named_with_the_next_step(drift: Drift, words: str) -> None:
    assert f"{title(drift)}: {manual_repair(drift).removeprefix('none in SQL; ')}" == words


def without_migration(app_label: str, change: str) -> Drift:
    key = Key("migration", app_label, "models")
    return Drift(key, "different", "changes that have no migration", [], [change])


UNREADABLE = {
    "import nowhere": (
        "Migration {} cannot be loaded. ModuleNotFoundError: No module named 'nowhere'"
    ),
    "x = ": "Migration {} cannot be loaded. SyntaxError: invalid syntax (0001_initial.py, line 1)",
    "pass": (
        "Migration {} cannot be loaded. BadMigrationError: Migration 0001_initial in app "
        "notifications has no Migration class"
    ),
    EMPTY.format(dependency="0000_gone"): (
        "The graph of migrations cannot be loaded. NodeNotFoundError: Migration "
        "notifications.0001_initial dependencies reference nonexistent parent node "
        "('notifications', '0000_gone')"
    ),
}


@pytest.mark.parametrize(("code", "error"), UNREADABLE.items(), ids=range(len(UNREADABLE)))
def test_verify_schema_with_unreadable_migration__status_2(
    shared_clone: Database, notifications: Path, code: str, error: str
) -> None:
    (notifications / "0001_initial.py").write_text(code)
    expected = error.format(f"{notifications.name}.0001_initial")
    assert shared_clone.verify() == Run(2, "", f"{expected}. Correct it.")


def test_verify_schema_of_database_without_tables__drift(clone: Database) -> None:
    clone.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    status, verdict = clone.verify("-v0").verdict
    assert status == 1
    assert verdict.startswith("Drift: ")


def test_verify_schema_with_ledger_that_cannot_be_read__reports_its_table(
    quick_clone: Database,
) -> None:
    with quick_clone.changed("ALTER TABLE django_migrations DROP applied"):
        run = quick_clone.verify()
    assert run.verdict == drift(1)
    assert "VS201  column django_migrations.applied is missing" in run.out


def test_ledger_that_cannot_be_read__is_an_error_of_the_server(shared_clone: Database) -> None:
    with (
        shared_clone.changed("ALTER TABLE django_migrations DROP applied"),
        pytest.raises(ProgrammingError, match="applied"),
    ):
        drifts(shared_clone)


def test_verify_schema_without_extension_of_a_migration__missing(
    shared_clone: Database, notifications: Path
) -> None:
    (notifications / "0001_initial.py").write_text(ORIGINAL)
    (notifications / "0002_levitation.py").write_text(EXTENSION)
    with shared_clone.changed(
        "INSERT INTO django_migrations (app, name, applied)"
        " VALUES ('notifications', '0002_levitation', now())"
    ):
        run = shared_clone.verify()
    assert run.verdict == drift(1)
    assert (
        '\nVS021  extension levitation is missing\n  repair    CREATE EXTENSION "levitation";\n'
    ) in run.out


def test_verify_schema_that_cannot_create_tables_without_extension__reports_the_extension(
    shared_clone: Database, notifications: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (notifications / "0001_initial.py").write_text(ORIGINAL)
    (notifications / "0002_levitation.py").write_text(EXTENSION)
    monkeypatch.setattr(User._meta.get_field("email"), "db_type", lambda connection: "levitation")
    assert "VS021  extension levitation is missing" in shared_clone.verify().out


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE django_migrations SET applied = '2001-01-01' WHERE app = 'payments'",
        "UPDATE django_migrations SET id = -id WHERE app = 'payments'",
    ],
)
def test_ledger_with_record_older_than_its_dependency__out_of_order(
    shared_clone: Database, sql: LiteralString
) -> None:
    with shared_clone.changed(sql):
        [found] = [drift for drift in drifts(shared_clone) if drift.key.name == "0001_initial"]
    assert found == Drift(
        Key("migration", "payments", "0001_initial"),
        "different",
        "dependencies that were applied later",
        [],
        ["courses.0001_initial", "enrollments.0001_initial", "users.0001_initial"],
    )


def test_ledger_with_record_twice__reported(shared_clone: Database) -> None:
    with shared_clone.changed(
        "INSERT INTO django_migrations (app, name, applied)"
        " SELECT app, name, applied FROM django_migrations WHERE app = 'notifications'"
    ):
        found = drifts(shared_clone)
    assert found == [Drift(migration("0001_initial"), "different", "records", 1, 2)]
