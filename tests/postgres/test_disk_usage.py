"""The disk usage of tables, including tables that are locked, partitioned, or being dropped."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from config.postgres.catalog import DiskUsage, read_disk_usage, read_schema
from tests.support.databases import Database, new_database
from tests.support.migrations import run_sql

LITTLE = 1024 * 1024


@pytest.fixture(scope="module")
def albums(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """Yield a database with the tables `album`, of two rows, and `label`, of none."""
    with django_db_blocker.unblock(), new_database() as database:
        database.execute(
            "CREATE TABLE label ()",
            "CREATE TABLE album (id int PRIMARY KEY, title text)",
            "CREATE INDEX album_title ON album (title)",
            "INSERT INTO album VALUES (1, 'First'), (2, 'Second')",
            "ANALYZE album",
        )
        yield database


def usage_of(table: str, database: Database) -> DiskUsage:
    """Return the usage of `table` that a session reads without waiting for locks."""
    with database.connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 1")
    return read_disk_usage(database.connection)[table]


def test_usage_of_a_table__includes_its_indexes(albums: Database) -> None:
    [(total,)] = albums.query("SELECT pg_total_relation_size('album')")
    album = usage_of("album", albums)
    assert (album.rows, album.total) == (2, total)


def test_usage_of_a_table_without_statistics__has_no_number_of_rows(albums: Database) -> None:
    assert usage_of("label", albums).rows is None


@pytest.mark.parametrize("statement", ["LOCK TABLE album", "REINDEX INDEX album_title"])
def test_usage_of_a_table_locked_by_another_session__is_read_without_waiting(
    albums: Database, statement: str
) -> None:
    with albums.session() as other:
        other.execute(f"BEGIN; {statement}")
        assert usage_of("album", albums).total < LITTLE


def test_usage_of_a_table_locked_in_a_copy_of_the_database__is_read(
    migrated: str, django_db_blocker: DjangoDbBlocker
) -> None:
    """Both copies of the template have the same table oids, and pg_locks has those of each."""
    with (
        django_db_blocker.unblock(),
        new_database(migrated) as database,
        new_database(migrated) as copy,
        copy.session() as other,
    ):
        other.execute("BEGIN; LOCK TABLE notifications")
        assert read_disk_usage(database.connection)["notifications"].total > 0


def test_table_dropped_meanwhile__has_no_disk_usage(albums: Database) -> None:
    albums.execute("CREATE TABLE dropped ()")
    connection = albums.connection
    with transaction.atomic(using=albums.alias):
        connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        found = read_schema(connection)
        albums.execute("DROP TABLE dropped")
        assert set(read_disk_usage(connection, found)) == {"album", "label"}


@pytest.mark.django_db
def test_usage_of_a_partitioned_table__is_the_sum_over_its_partitions() -> None:
    run_sql(
        "CREATE TABLE analytics_events_2026_01 PARTITION OF analytics_events"
        " FOR VALUES FROM ('2026-01-01 00:00Z') TO ('2026-02-01 00:00Z');"
        "INSERT INTO analytics_events (event_type, timestamp)"
        " VALUES ('a', '2026-01-02'), ('b', '2026-01-03'), ('c', '2026-02-03');"
        "ANALYZE analytics_events"
    )
    usage = read_disk_usage(connection)
    [(heap, keys)] = run_sql(
        "SELECT sum(pg_table_size(relid))::int, sum(pg_indexes_size(relid))::int"
        " FROM pg_partition_tree('analytics_events')"
    )
    events = usage["analytics_events"]
    assert (events.rows, events.heap, events.all_indexes) == (3, heap, keys)
    assert sorted(events.indexes) == [
        "analytics_events_pkey",
        "analytics_events_type_idx",
        "analytics_events_user_idx",
    ]


@pytest.mark.django_db
def test_rows_of_a_partitioned_table__are_those_of_partitions_with_statistics() -> None:
    run_sql(
        "CREATE TABLE play (day date) PARTITION BY RANGE (day);"
        "CREATE TABLE play_default PARTITION OF play DEFAULT;"
        "CREATE TABLE play_2026 PARTITION OF play"
        " FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
        "INSERT INTO play VALUES ('2025-12-31'), ('2026-01-01'), ('2026-01-02');"
        "ANALYZE play_2026"
    )
    assert read_disk_usage(connection)["play"].rows == 2
