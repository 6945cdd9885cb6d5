"""Sizes of tables, read from the server."""

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import DjangoDbBlocker

from config.hazards.table_sizes import TableSize, read_table_sizes
from tests.support.databases import Database, new_database


def test_size__includes_indexes(tables: BaseDatabaseWrapper, blank: Database) -> None:
    [(total,)] = blank.query("SELECT pg_total_relation_size('music_album')")
    blank.execute("ANALYZE music_album")
    assert read_table_sizes(tables)["music_album"] == TableSize(2, total)


def test_size_of_a_locked_table__is_read_without_waiting(
    tables: BaseDatabaseWrapper, blank: Database
) -> None:
    with blank.session() as other:
        other.execute("BEGIN; LOCK TABLE music_album")
        with tables.cursor() as cursor:
            cursor.execute("SET lock_timeout = 1")
        assert read_table_sizes(tables)["music_album"].is_small


def test_size_of_a_table_with_a_locked_index__is_read_without_waiting(
    tables: BaseDatabaseWrapper, blank: Database
) -> None:
    with blank.session() as other:
        other.execute("BEGIN; REINDEX INDEX album_title")
        with tables.cursor() as cursor:
            cursor.execute("SET lock_timeout = 1")
        assert read_table_sizes(tables)["music_album"].is_small


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
        assert read_table_sizes(database.connection)["notifications"].bytes > 0


def test_size_of_a_table_without_statistics__has_no_rows(
    tables: BaseDatabaseWrapper,
) -> None:
    assert read_table_sizes(tables)["music_label"].rows is None


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (TableSize(2_000_000, 400 * 1024 * 1024), "about 2,000,000 rows, 400 MB"),
        (TableSize(None, 16 * 1024), "16 kB"),
    ],
)
def test_size__is_shown_in_words(size: TableSize, shown: str) -> None:
    assert str(size) == shown


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
    assert read_table_sizes(tables)["play"] == TableSize(2, total)
