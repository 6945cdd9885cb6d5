"""Sizes of tables, read from the server."""

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import DjangoDbBlocker

from config.hazards.report import size_in_words
from config.hazards.tables_in_use import SMALL
from config.postgres.catalog import DiskUsage, read_disk_usage
from tests.support.databases import Database, new_database


def test_size__includes_indexes(tables: BaseDatabaseWrapper, blank: Database) -> None:
    [(total,)] = blank.query("SELECT pg_total_relation_size('music_album')")
    blank.execute("ANALYZE music_album")
    album = read_disk_usage(tables)["music_album"]
    assert (album.rows, album.total) == (2, total)


def test_size_of_a_locked_table__is_read_without_waiting(
    tables: BaseDatabaseWrapper, blank: Database
) -> None:
    with blank.session() as other:
        other.execute("BEGIN; LOCK TABLE music_album")
        with tables.cursor() as cursor:
            cursor.execute("SET lock_timeout = 1")
        assert read_disk_usage(tables)["music_album"].total < SMALL


def test_size_of_a_table_with_a_locked_index__is_read_without_waiting(
    tables: BaseDatabaseWrapper, blank: Database
) -> None:
    with blank.session() as other:
        other.execute("BEGIN; REINDEX INDEX album_title")
        with tables.cursor() as cursor:
            cursor.execute("SET lock_timeout = 1")
        assert read_disk_usage(tables)["music_album"].total < SMALL


def test_size_of_a_table_locked_in_a_copy_of_the_database__is_read(
    migrated: str, django_db_blocker: DjangoDbBlocker
) -> None:
    """Tables of databases that were made from one template have the same oids."""
    with (
        django_db_blocker.unblock(),
        new_database(migrated) as database,
        new_database(migrated) as copy,
        copy.session() as other,
    ):
        other.execute("BEGIN; LOCK TABLE notifications")
        assert read_disk_usage(database.connection)["notifications"].total > 0


def test_size_of_a_table_without_statistics__has_no_rows(
    tables: BaseDatabaseWrapper,
) -> None:
    assert read_disk_usage(tables)["music_label"].rows is None


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (DiskUsage(2_000_000, 400 * 1024 * 1024), "about 2,000,000 rows, 400 MB"),
        (DiskUsage(None, 16 * 1024), "16 kB"),
    ],
)
def test_size__is_shown_in_words(size: DiskUsage, shown: str) -> None:
    assert size_in_words(size) == shown


def test_size_of_a_partitioned_table__is_the_sum_over_its_partitions(
    tables: BaseDatabaseWrapper, blank: Database
) -> None:
    blank.execute(
        "CREATE TABLE play (day date, song text) PARTITION BY RANGE (day)",
        "CREATE TABLE play_default PARTITION OF play DEFAULT",
        "CREATE TABLE play_2026 PARTITION OF play FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
        "CREATE INDEX ON play (day)",
        "INSERT INTO play VALUES ('2025-12-31'), ('2026-01-01'), ('2026-01-02')",
        "ANALYZE play_2026",
    )
    [(total,)] = blank.query(
        "SELECT sum(pg_total_relation_size(relid))::bigint FROM pg_partition_tree('play')"
    )
    play = read_disk_usage(tables)["play"]
    assert (play.rows, play.total) == (2, total)
