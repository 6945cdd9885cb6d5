"""The precedence of a connection's settings over the settings of its database."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.support.databases import drop_database, new_name
from tests.support.migrations import default_database, new_default_database, run_sql


@pytest.fixture(scope="module")
def own_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    with django_db_blocker.unblock(), new_default_database() as name:
        yield name


@pytest.mark.parametrize(
    ("setting", "expression", "value"),
    [
        (
            "DateStyle = 'SQL, DMY'",
            "TIMESTAMPTZ '2026-11-28 10:00+00'",
            datetime(2026, 11, 28, 10, tzinfo=UTC),
        ),
        (
            "DateStyle = German",
            "TIMESTAMPTZ '2026-11-28 10:00+00'",
            datetime(2026, 11, 28, 10, tzinfo=UTC),
        ),
        ("IntervalStyle = sql_standard", "INTERVAL '1 day 2 hours'", timedelta(1, 7200)),
        ("standard_conforming_strings = off", r"'\s'", r"\s"),
        ("client_encoding = LATIN1", "'Ω'", "Ω"),
        ("bytea_output = escape", r"'\x0001'::bytea", b"\x00\x01"),
    ],
)
def test_value_read_under_any_setting_of_the_database__is_the_same(
    own_database: str, setting: str, expression: str, value: object
) -> None:
    run_sql(f"ALTER DATABASE {own_database} SET {setting}")
    connection.close()
    found = run_sql(f"SELECT {expression}")
    run_sql(f"ALTER DATABASE {own_database} RESET ALL")
    connection.close()
    assert found == [(value,)]


def test_order_of_day_and_month_in_input__is_that_of_the_database(own_database: str) -> None:
    run_sql(f"ALTER DATABASE {own_database} SET DateStyle = 'German, DMY'")
    connection.close()
    found = run_sql("SELECT '1/2/2026'::date::text")
    run_sql(f"ALTER DATABASE {own_database} RESET ALL")
    connection.close()
    assert found == [("2026-02-01",)]


def test_query_of_a_partitioned_table__planned_without_the_checks_of_its_partitions(
    own_database: str,
) -> None:
    assert run_sql("SHOW constraint_exclusion") == [("off",)]


OTHER = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
LOCALES = ["", "LOCALE_PROVIDER libc LOCALE 'C'", f"LOCALE_PROVIDER libc LOCALE '{OTHER}'"]


@pytest.mark.parametrize("locale", LOCALES, ids=["server's", "C", OTHER])
def test_database_that_sorts_by_bytes__is_one_whose_indexes_find_a_prefix(
    own_database: str, locale: str
) -> None:
    wrapper: Any = connection
    name = new_name()
    run_sql(f"CREATE DATABASE {name} TEMPLATE template0 {locale}")
    try:
        with default_database(name):
            run_sql("CREATE TABLE t (a text UNIQUE); SET enable_seqscan = off")
            plan = run_sql("EXPLAIN SELECT FROM t WHERE a LIKE 'x%'")
            assert wrapper.sorts_by_bytes == ("Index Cond" in str(plan))
    finally:
        drop_database(name)
