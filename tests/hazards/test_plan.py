"""migrate --plan and migrate: the hazards of what is about to run on this very database."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import AddField, AddIndex, AlterModelTable, CreateModel, RenameField
from pytest_django import DjangoDbBlocker

from config.hazards.sizes import Size, read_sizes
from tests.hazards.music import codes, find_in
from tests.hazards.test_rules import INDEX
from tests.support.databases import Database
from tests.support.migrations import extra_migration, migrate, new_database, run_sql

BIG, SMALL = Size(2_000_000, 400 * 1024 * 1024), Size(None, 16 * 1024)
ADD_INDEX = AddIndex("album", INDEX)
SONG = CreateModel("Song", [("id", models.BigAutoField(primary_key=True))])


@pytest.fixture(scope="module")
def analyzed(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The name of a migrated database, of one of whose tables the size is known."""
    with django_db_blocker.unblock(), new_database(migrated) as name:
        run_sql("ANALYZE notifications")
        yield name


@contextmanager
def extra(body: str) -> Iterator[None]:
    with extra_migration("notifications", f"operations = [{body}]"):
        yield


# Sizes


def test_big_table__is_dangerous_to_block(server: BaseDatabaseWrapper) -> None:
    found = find_in(server, ADD_INDEX, sizes={"music_album": BIG})
    assert codes(found) == ["require-concurrent-index-creation"]


def test_small_table__is_not_dangerous_to_block(server: BaseDatabaseWrapper) -> None:
    assert codes(find_in(server, ADD_INDEX, sizes={"music_album": SMALL, "others": BIG})) == []


def test_small_table__is_dangerous_to_change_under_running_code(
    server: BaseDatabaseWrapper,
) -> None:
    rename = RenameField("album", "title", "name")
    assert codes(find_in(server, rename, sizes={"music_album": SMALL})) == ["renaming-column"]


def test_table_that_is_not_there_yet__has_no_hazard(server: BaseDatabaseWrapper) -> None:
    rename = RenameField("album", "title", "name")
    assert codes(find_in(server, rename, ADD_INDEX, sizes={"others": BIG})) == []


def test_big_table_under_its_new_name__is_dangerous_to_block(server: BaseDatabaseWrapper) -> None:
    rename = AlterModelTable("album", "records")
    found = find_in(server, rename, ADD_INDEX, sizes={"music_album": BIG})
    assert codes(found) == ["renaming-table", "require-concurrent-index-creation"]


def test_table_of_the_same_migration__has_no_hazard(server: BaseDatabaseWrapper) -> None:
    add = AddField("song", "code", models.IntegerField(default=0))
    assert codes(find_in(server, SONG, add, AlterModelTable("song", "songs"))) == []


def test_table_of_another_initial_migration__has_no_hazard(server: BaseDatabaseWrapper) -> None:
    assert codes(find_in(server, SONG, initial=True)) == []


def test_sizes__are_of_tables_with_their_indexes(
    tables: BaseDatabaseWrapper, blank: Database
) -> None:
    [(total,)] = blank.query("SELECT pg_total_relation_size('music_album')")
    blank.execute("ANALYZE music_album")
    assert read_sizes(tables)["music_album"] == Size(2, total)


def test_size_of_a_table_that_is_locked__is_not_waited_for(
    tables: BaseDatabaseWrapper, blank: Database
) -> None:
    with blank.session() as somebody:
        somebody.execute("BEGIN; LOCK TABLE music_album")
        with tables.cursor() as cursor:
            cursor.execute("SET lock_timeout = 1")
        assert read_sizes(tables)["music_album"].is_small


def test_size_of_a_table_that_was_never_analysed__has_no_rows(
    tables: BaseDatabaseWrapper,
) -> None:
    assert read_sizes(tables)["music_label"].rows is None


@pytest.mark.parametrize(
    ("size", "shown"),
    [(BIG, "about 2,000,000 rows, 400.0 MB"), (SMALL, "16.0 KB")],
)
def test_size__reads(size: Size, shown: str) -> None:
    assert str(size) == shown


# migrate

ADD = 'migrations.AddIndex("notification", models.Index(fields=["title"], name="by_title"))'
RENAME = 'migrations.RenameField("notification", "title", "headline")'


@pytest.fixture
def database(analyzed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database that `analyzed` has made, whose tables count as big."""
    monkeypatch.setattr("config.hazards.sizes.SMALL", 0)


def test_plan__shows_hazards_below_the_operation(database: None) -> None:
    with extra(ADD):
        [_, _, operation, hazard, instead] = migrate("notifications", "--plan")
    assert (operation, re.sub(r", \d+\.0 KB\)$", ", ... KB)", hazard), instead) == (
        "    Create index by_title on field(s) title of model notification",
        "        require-concurrent-index-creation: Until the index is built, nobody writes to "
        "table notifications. (table notifications: about 0 rows, ... KB)",
        "        Instead: Build it beside the traffic, in a migration of its own.",
    )


def test_plan_with_an_accepted_hazard__shows_the_reason(database: None) -> None:
    accepted = 'hazards_accepted = {"require-concurrent-index-creation": "At night."}'
    with extra_migration("notifications", f"{accepted}\n    operations = [{ADD}]"):
        *_, line = migrate("--plan")
    assert line.endswith(" KB) Accepted: At night.")


def test_plan_without_hazards__is_as_django_has_it(database: None) -> None:
    with extra('migrations.AlterModelOptions("notification", {"verbose_name": "Notice"})'):
        assert migrate("notifications", "--plan") == [
            "Planned operations:",
            "notifications.0099_extra",
            "    Change Meta options on notification",
        ]


def test_plan_back__shows_no_hazards(database: None) -> None:
    assert not any("Instead:" in line for line in migrate("notifications", "zero", "--plan"))


def test_migrate_with_hazards__says_so_in_a_line_and_runs(database: None) -> None:
    with extra(f"{ADD}, {RENAME}"):
        lines = migrate("notifications")
        migrate("notifications", "0001")
    assert "  Applying notifications.0099_extra... OK" in lines
    assert [line for line in lines if "Hazards" in line] == [
        "  Hazards: 2 (require-concurrent-index-creation, renaming-column). "
        "To read about them: migrate --plan"
    ]


def test_migrate_without_squawk__says_so_in_a_line_and_runs(
    database: None, monkeypatch: pytest.MonkeyPatch
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


def test_migrate_with_an_operation_that_tells_no_sql__says_so_in_a_line_and_runs(
    database: None,
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
        "  Hazards: unknown. The SQL of migration notifications.0099_extra cannot be told. "
        "AssertionError: Needs the rows."
    ]


def test_migrate_of_an_empty_database__has_no_hazards(django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock(), new_database():
        assert not [line for line in migrate() if "Hazards" in line]
