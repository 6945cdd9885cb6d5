"""python -m benchmarks.partitions [EVENTS [ROUNDS]]: compare 24 monthly partitions with one table.

Both tables have the same columns, keys and indexes, and get the same events of 1,000 users in order
of time. Each run of a query is for another user or type, and is planned again, as in Django.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import islice
from statistics import median
from typing import Any

from django.db import connection

from benchmarks.databases import migrated_database
from benchmarks.program import numbers, seconds, set_up

MONTHS = 24
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
SINGLE, PARTITIONED = "events_in_one_table", "analytics_events"
TIMELINES = 300
"""The number of users whose timelines a round reads."""

USERS = """
    INSERT INTO users (email, password_hash, role)
    SELECT n || '@example.com', '!', 'student' FROM generate_series(1, 1000) AS n
"""
# Each user has events in all months. Because of the condition on n, each row has its own id.
EVENTS = """
    CREATE UNLOGGED TABLE source AS
    WITH person AS (SELECT array_agg(id) AS ids FROM users)
    SELECT key.id, ids[1 + (n * 7919::bigint) %% 1000] AS user_id,
           'type ' || n %% 20 AS event_type, '{"page": "/courses/1"}'::jsonb AS event_data,
           %(first)s::timestamptz + n * (%(last)s::timestamptz - %(first)s) / %(events)s
               AS timestamp
      FROM person, generate_series(0, %(events)s - 1) AS n,
           LATERAL (SELECT gen_random_uuid() AS id WHERE n IS NOT NULL) AS key
"""
ONE_TABLE = f"""
    CREATE TABLE {SINGLE} (LIKE {PARTITIONED} INCLUDING ALL,
        FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE)
"""


def main(events: int, rounds: int) -> None:
    with migrated_database():
        fill(events)
        inserts = {
            table: [insert_seconds(table) for _ in range(rounds)] for table in (SINGLE, PARTITIONED)
        }
        execute(f"VACUUM (ANALYZE) {SINGLE}, {PARTITIONED}")
        print(f"{events:,} events, median of {rounds} rounds    one table  {MONTHS} months  ratio")
        show(f"INSERT of {events:,} events, ms", inserts)
        for what, statements in QUERIES.items():
            show(f"{what}, ms", measured(statements, rounds))


def fill(events: int) -> None:
    """Create the partitions, the single table, and the table `source` with all events."""
    from analytics.models import AnalyticsEvent
    from config.partitions import make_months
    from config.postgres import months_between

    make_months(connection, AnalyticsEvent, months_between(FIRST, date(2025, 12, 1)))
    execute(USERS)
    execute(EVENTS, {"first": FIRST, "last": LAST, "events": events})
    execute(ONE_TABLE)


def insert_seconds(table: str) -> float:
    execute(f"TRUNCATE {table}; CHECKPOINT")
    return seconds(lambda: execute(f"INSERT INTO {table} TABLE source"))


def measured(
    statements: Callable[[], Iterator[tuple[str, Any]]], rounds: int
) -> dict[str, list[float]]:
    """Return the median time of a statement, for each table and round."""
    times: dict[str, list[float]] = {SINGLE: [], PARTITIONED: []}
    for _ in range(rounds):
        for table, found in times.items():
            asked = [(sql.replace(PARTITIONED, table), params) for sql, params in statements()]
            found.append(median(seconds(partial(execute, *each)) for each in asked))
    return times


def timeline(days: int) -> Callable[[], Iterator[tuple[str, Any]]]:
    """Return a function that yields query 21 for each user, over the last `days` days."""

    def statements() -> Iterator[tuple[str, Any]]:
        from users.models import User

        for user in islice(User.objects.all(), TIMELINES):
            page = user.analytics_events.between(LAST - timedelta(days=days), LAST)[:100]
            yield page.query.sql_with_params()

    return statements


def reporting(days: int) -> Callable[[], Iterator[tuple[str, Any]]]:
    """Return a function that yields query 22 for each type, over the last `days` days."""

    def statements() -> Iterator[tuple[str, Any]]:
        from analytics.models import AnalyticsEvent

        for number in range(20):
            per_hour = AnalyticsEvent.objects.per_hour(
                f"type {number}", LAST - timedelta(days=days), LAST
            )
            yield per_hour.query.sql_with_params()

    return statements


QUERIES = {
    "Query 21, timeline, 30 days": timeline(30),
    "Query 21, timeline, 100 days": timeline(100),
    "Query 21, timeline, 24 months": timeline(731),
    "Query 22, reporting, 10 days": reporting(10),
    "Query 22, reporting, 24 months": reporting(731),
}


def show(what: str, times: dict[str, list[float]]) -> None:
    one, partitioned = (median(times[table]) * 1000 for table in (SINGLE, PARTITIONED))
    print(f"{what:40}{one:12,.2f}{partitioned:11,.2f}{partitioned / one:7.2f}")


def execute(sql: str, params: Any = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        if cursor.description:
            cursor.fetchall()


if __name__ == "__main__":
    set_up()
    main(*numbers(1_000_000, 3))
