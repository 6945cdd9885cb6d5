"""The disk usage of tables, also in partitions or while other sessions drop them."""

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from config.postgres.catalog import read_disk_usage, read_schema
from tests.migrating.sessions import session
from tests.support.migrations import new_database, run_sql


def test_table_dropped_meanwhile__has_no_disk_usage(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), new_database():
        run_sql("CREATE TABLE kept (); CREATE TABLE dropped ()")
        with session() as other, transaction.atomic():
            run_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            found = read_schema(connection)
            other.execute("DROP TABLE dropped")
            assert set(read_disk_usage(connection, found)) == {"kept"}


@pytest.mark.django_db
def test_table_in_partitions__has_the_sums_over_them() -> None:
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
