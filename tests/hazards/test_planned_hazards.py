"""Hazards of pending migrations that migrate and migrate --plan show."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pytest_django import DjangoDbBlocker

from tests.support.migrations import extra_migration, migrate, new_default_database, run_sql


@pytest.fixture(scope="module")
def analyzed(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Yield the name of a migrated database in which one table has been analysed."""
    with django_db_blocker.unblock(), new_default_database(migrated) as name:
        run_sql("ANALYZE notifications")
        yield name


@contextmanager
def extra(body: str) -> Iterator[None]:
    with extra_migration("notifications", f"operations = [{body}]"):
        yield


ADD = 'migrations.AddIndex("notification", models.Index(fields=["title"], name="by_title"))'
RENAME = 'migrations.RenameField("notification", "title", "headline")'


@pytest.fixture
def big_tables(analyzed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each table of the `analyzed` database count as big."""
    monkeypatch.setattr("config.hazards.tables_in_use.SMALL", 0)


def test_plan__shows_hazards_below_the_operation(big_tables: None) -> None:
    with extra(ADD):
        [_, _, operation, hazard, instead] = migrate("notifications", "--plan")
    assert (operation, re.sub(r", \d+ kB\)$", ", ... kB)", hazard), instead) == (
        "    Create index by_title on field(s) title of model notification",
        "        require-concurrent-index-creation: PostgreSQL blocks writes to table "
        "notifications until the index is built. (table notifications: about 0 rows, ... kB)",
        "        Instead: Build the index concurrently, in a separate migration.",
    )


def test_plan_with_an_accepted_hazard__shows_the_reason(big_tables: None) -> None:
    accepted = 'hazards_accepted = {"require-concurrent-index-creation": "At night."}'
    with extra_migration("notifications", f"{accepted}\n    operations = [{ADD}]"):
        *_, line = migrate("--plan")
    assert line.endswith(" kB) Accepted: At night.")


def test_plan_without_hazards__is_unchanged(big_tables: None) -> None:
    with extra('migrations.AlterModelOptions("notification", {"verbose_name": "Notice"})'):
        assert migrate("notifications", "--plan") == [
            "Planned operations:",
            "notifications.0099_extra",
            "    Change Meta options on notification",
        ]


def test_plan_backwards__shows_no_hazards(big_tables: None) -> None:
    assert not any("Instead:" in line for line in migrate("notifications", "zero", "--plan"))


def test_migrate_with_hazards__counts_them_in_one_line_and_runs(big_tables: None) -> None:
    with extra(f"{ADD}, {RENAME}"):
        lines = migrate("notifications")
        migrate("notifications", "0001")
    assert "  Applying notifications.0099_extra... OK" in lines
    assert [line for line in lines if "Hazards" in line] == [
        "  Hazards: 2 (require-concurrent-index-creation, renaming-column). "
        "To read about them: migrate --plan"
    ]


def test_migrate_without_squawk__says_how_to_install_it_and_runs(
    big_tables: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda name: "/nowhere")
    monkeypatch.setattr("shutil.which", lambda name: None)
    with extra(ADD):
        lines = migrate("notifications")
        migrate("notifications", "0001")
    assert "  Applying notifications.0099_extra... OK" in lines
    assert [line for line in lines if "Hazards" in line] == [
        "  Hazards: unknown. squawk is not installed. Run make, or pip install squawk-cli."
    ]


def test_migrate_with_an_operation_that_reveals_no_sql__names_its_migration_and_runs(
    big_tables: None,
) -> None:
    odd = """class Odd(migrations.RunSQL):
        def database_forwards(self, app_label, editor, *states):
            assert not editor.collect_sql, "Needs the rows."
    operations = [Odd("", "")]"""
    with extra_migration("notifications", odd):
        lines = migrate("notifications")
        migrate("notifications", "0001")
    assert "  Applying notifications.0099_extra... OK" in lines
    assert [line for line in lines if "Hazards" in line] == [
        "  Hazards: unknown. Cannot read notifications.0099_extra: 'Raw SQL operation' fails: "
        "AssertionError: Needs the rows. Correct it, or add a dependency on the migration that "
        "it needs; --traceback shows the code."
    ]


def test_plan_of_an_empty_database__shows_no_hazards(django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock(), new_default_database():
        assert not [line for line in migrate("--plan") if line.startswith(" " * 8)]
