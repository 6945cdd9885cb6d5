"""The rows of seed_demo, which must agree with each other."""

from typing import LiteralString

import pytest

from config.demo import TABLES
from tests.demo.command import count
from tests.demo.rules import RULES
from tests.support.databases import Database
from tests.support.verify_schema import IDENTICAL


@pytest.mark.parametrize("sql", [pytest.param(sql, id=rule) for rule, sql in RULES.items()])
def test_seed_demo_rule__holds(seeded: Database, sql: LiteralString) -> None:
    assert seeded.query(sql) == []


@pytest.mark.parametrize("table", TABLES)
def test_seed_demo_table__has_rows(seeded: Database, table: str) -> None:
    assert count(seeded, table) > 0


def test_seed_demo__leaves_the_schema_as_it_is(seeded: Database) -> None:
    assert seeded.verify("--verbosity=0").verdict == IDENTICAL


def test_seed_demo__leaves_fresh_statistics(seeded: Database) -> None:
    # Other sessions of the server affect the number of all-visible pages, but not of rows.
    assert seeded.query(
        "SELECT reltuples::int FROM pg_class WHERE relname = 'analytics_events'"
    ) == [(count(seeded, "analytics_events"),)]


def test_seed_demo_enum_labels__all_occur(seeded: Database) -> None:
    statuses = seeded.query("SELECT DISTINCT status::text FROM courses ORDER BY 1")
    assert statuses == [("archived",), ("draft",), ("pending_review",), ("published",)]


@pytest.mark.parametrize(
    "letters", ["a-z", "éñøßłřı", "Ѐ-ӿ", "Ͱ-Ͽ", "一-龥", "ء-ي", "가-힣", "अ-ह"]
)
def test_seed_demo_names__are_in_many_scripts(seeded: Database, letters: str) -> None:
    pattern = f"[{letters}]"
    assert seeded.query("SELECT 1 FROM user_profiles WHERE full_name ~ %s LIMIT 1", pattern)


def test_seed_demo_events__are_stored_in_order_of_time(seeded: Database) -> None:
    [[correlation]] = seeded.query(
        "SELECT correlation FROM pg_stats"
        " WHERE tablename = 'analytics_events' AND attname = 'timestamp'"
    )
    assert correlation > 0.99


def test_seed_demo_events__are_fewer_on_weekends(seeded: Database) -> None:
    [[weekday, weekend]] = seeded.query(
        "SELECT count(*) FILTER (WHERE day < 6) / 5, count(*) FILTER (WHERE day > 5) / 2"
        " FROM (SELECT extract(isodow FROM timestamp AT TIME ZONE 'UTC') AS day"
        " FROM analytics_events) e"
    )
    assert weekend < 0.85 * weekday


def test_seed_demo_events__are_fewer_at_night(seeded: Database) -> None:
    [[night, evening]] = seeded.query(
        "SELECT count(*) FILTER (WHERE hour BETWEEN 1 AND 4),"
        " count(*) FILTER (WHERE hour BETWEEN 18 AND 21)"
        " FROM (SELECT extract(hour FROM timestamp AT TIME ZONE 'UTC') AS hour"
        " FROM analytics_events) e"
    )
    assert night < evening / 3
