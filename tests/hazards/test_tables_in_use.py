"""Hazards that depend on the table: new, small or big."""

import pytest
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import AddField, AddIndex, AlterModelTable, CreateModel, RenameField

from config.hazards.report import size_in_words
from config.postgres.catalog import DiskUsage
from tests.hazards.music import codes, find_in
from tests.hazards.test_rules import INDEX

BIG, SMALL = DiskUsage(2_000_000, 400 * 1024 * 1024), DiskUsage(None, 16 * 1024)
ADD_INDEX = AddIndex("album", INDEX)
SONG = CreateModel("Song", [("id", models.BigAutoField(primary_key=True))])


def test_big_table__is_dangerous_to_block(no_tables: BaseDatabaseWrapper) -> None:
    found = find_in(no_tables, ADD_INDEX, sizes={"music_album": BIG})
    assert codes(found) == ["require-concurrent-index-creation"]


def test_small_table__is_not_dangerous_to_block(no_tables: BaseDatabaseWrapper) -> None:
    assert codes(find_in(no_tables, ADD_INDEX, sizes={"music_album": SMALL, "others": BIG})) == []


def test_small_table__is_dangerous_to_change_under_running_code(
    no_tables: BaseDatabaseWrapper,
) -> None:
    rename = RenameField("album", "title", "name")
    assert codes(find_in(no_tables, rename, sizes={"music_album": SMALL})) == ["renaming-column"]


def test_table_that_does_not_exist_yet__has_no_hazard(no_tables: BaseDatabaseWrapper) -> None:
    rename = RenameField("album", "title", "name")
    assert codes(find_in(no_tables, rename, ADD_INDEX, sizes={"others": BIG})) == []


def test_big_table_under_its_new_name__is_dangerous_to_block(
    no_tables: BaseDatabaseWrapper,
) -> None:
    rename = AlterModelTable("album", "records")
    found = find_in(no_tables, rename, ADD_INDEX, sizes={"music_album": BIG})
    assert codes(found) == ["renaming-table", "require-concurrent-index-creation"]


def test_table_of_the_same_migration__has_no_hazard(no_tables: BaseDatabaseWrapper) -> None:
    add = AddField("song", "code", models.IntegerField(default=0))
    assert codes(find_in(no_tables, SONG, add, AlterModelTable("song", "songs"))) == []


def test_table_of_another_initial_migration__has_no_hazard(no_tables: BaseDatabaseWrapper) -> None:
    assert codes(find_in(no_tables, SONG, initial=True)) == []


@pytest.mark.parametrize(
    ("size", "words"), [(BIG, "about 2,000,000 rows, 400 MB"), (SMALL, "16 kB")]
)
def test_size_of_a_table__is_shown_in_words(size: DiskUsage, words: str) -> None:
    assert size_in_words(size) == words
