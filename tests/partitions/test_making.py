"""Months that are made, and the rows that move to them."""

import pytest
from django.core.management.base import CommandError
from django.db import connection, transaction

from config.partitions import new_month, read_partitions
from tests.partitions.events import JULY, JUNE, MAY, TABLE, add_events, bounds, make, moment, places
from tests.support.migrations import run_sql

pytestmark = pytest.mark.usefixtures("database")
OF_JUNE = "FOR VALUES FROM ('2024-06-01 00:00:00+00') TO ('2024-07-01 00:00:00+00')"


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few rows be as many as are copied first, in parts."""
    monkeypatch.setattr(new_month, "FEW", 10)
    monkeypatch.setattr(new_month, "PAGES", 1)


def test_month_missing__made() -> None:
    assert make(JUNE) == ["analytics_events_2024_06"]
    assert bounds() == {"analytics_events_2024_06": OF_JUNE, "analytics_events_default": "DEFAULT"}


def test_month_there__left_alone() -> None:
    make(JUNE)
    assert make(JUNE) == []


def test_rows_of_the_default_partition__moved() -> None:
    add_events(3)
    add_events(2, "2024-08-01 00:00+00")
    make(JUNE, JULY)
    assert places() == {"analytics_events_2024_06": 3, "analytics_events_default": 2}


@pytest.mark.usefixtures("many")
def test_many_rows__copied_and_moved() -> None:
    add_events(300)
    add_events(2, "2024-08-01 00:00+00")
    lines: list[str] = []
    make(JUNE, say=lines.append)
    assert places() == {"analytics_events_2024_06": 300, "analytics_events_default": 2}
    assert lines == ["Made analytics_events_2024_06, with 300 rows of the default partition."]


@pytest.mark.usefixtures("many")
def test_rows_that_change_after_they_were_copied__moved_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_events(300)
    attach = new_month.NewMonth._attach

    def late(month: new_month.NewMonth, since: str | None) -> int:
        run_sql(f"DELETE FROM {TABLE} WHERE timestamp < '2024-06-01 00:00:10+00'")
        run_sql(
            f"UPDATE {TABLE} SET event_type = 'late' WHERE timestamp = '2024-06-01 00:01:00+00'"
        )
        add_events(5, "2024-06-20 00:00+00")
        return attach(month, since)

    monkeypatch.setattr(new_month.NewMonth, "_attach", late)
    make(JUNE)
    assert places() == {"analytics_events_2024_06": 295}
    assert run_sql(f"SELECT timestamp FROM {TABLE} WHERE event_type = 'late'") == [
        (moment("2024-06-01 00:01:00"),)
    ]
    assert run_sql(f"SELECT min(timestamp) FROM {TABLE}") == [(moment("2024-06-01 00:00:10"),)]


@pytest.mark.usefixtures("many")
def test_copy_of_a_run_that_was_killed__made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    add_events(300)
    with monkeypatch.context() as patch:
        patch.setattr(new_month.NewMonth, "_attach", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make(JUNE)
    run_sql(f"DELETE FROM {TABLE} WHERE timestamp < '2024-06-01 00:00:10+00'")
    make(JUNE)
    assert places() == {"analytics_events_2024_06": 290}


def test_month_in_a_transaction__made() -> None:
    with transaction.atomic():
        add_events(3)
        make(JUNE)
    assert places() == {"analytics_events_2024_06": 3}


def test_month__is_like_those_that_postgresql_makes() -> None:
    make(JUNE)
    run_sql(
        f"CREATE TABLE by_postgresql PARTITION OF {TABLE}"
        " FOR VALUES FROM ('2024-07-01 00:00+00') TO ('2024-08-01 00:00+00')"
    )
    assert described("analytics_events_2024_06") == described("by_postgresql")


def described(table: str) -> list[tuple[str, ...]]:
    """Return the columns, constraints and indexes of a partition, without their names."""
    return run_sql(
        "SELECT attname, format_type(atttypid, atttypmod), attnotnull::text,"
        "       (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef"
        "         WHERE adrelid = attrelid AND adnum = attnum)"
        f"  FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0"
        " UNION ALL"
        " SELECT 'constraint', pg_get_constraintdef(oid), convalidated::text, coninhcount::text"
        f"  FROM pg_constraint WHERE conrelid = '{table}'::regclass"
        " UNION ALL"
        " SELECT 'index', replace(pg_get_indexdef(indexrelid), relname, ''), indisvalid::text,"
        "        (SELECT count(*)::text FROM pg_inherits WHERE inhrelid = indexrelid)"
        "   FROM pg_index JOIN pg_class ON oid = indrelid"
        f"  WHERE indrelid = '{table}'::regclass ORDER BY 1, 2"
    )


def test_session_in_another_zone__months_are_those_of_utc() -> None:
    run_sql("SET TimeZone = 'Asia/Kolkata'")
    make(JUNE)
    run_sql("SET TimeZone = 'UTC'")
    assert bounds()["analytics_events_2024_06"] == OF_JUNE


def test_name_of_another_table__refused_and_nothing_made() -> None:
    run_sql("CREATE TABLE analytics_events_2024_06 ()")
    with pytest.raises(CommandError) as error:
        make(MAY, JUNE)
    assert str(error.value) == (
        'There is a "analytics_events_2024_06" that is no partition of "analytics_events". '
        "Nothing was changed. Drop it, rename it, or attach it: ALTER TABLE "
        '"analytics_events" ATTACH PARTITION "analytics_events_2024_06" '
        f"{OF_JUNE};"
    )
    assert list(bounds()) == ["analytics_events_default"]


def test_quarter_made_by_hand__covers_its_months() -> None:
    by_hand("2024-04-01", "2024-07-01")
    assert make(MAY, JUNE, JULY) == ["analytics_events_2024_07"]


def test_week_made_by_hand__refused_and_nothing_made() -> None:
    by_hand("2024-06-03", "2024-06-10")
    with pytest.raises(CommandError) as error:
        make(MAY, JUNE)
    assert str(error.value) == (
        "Partition by_hand covers a part of 2024-06 only, which leaves no room for that month in "
        "analytics_events. Nothing was changed. Detach it, or make partitions for the rest of the "
        "month by hand."
    )
    assert list(bounds()) == ["analytics_events_default"]


def by_hand(start: str, end: str) -> None:
    run_sql(
        f"CREATE TABLE by_hand PARTITION OF {TABLE}"
        f" FOR VALUES FROM ('{start} 00:00+00') TO ('{end} 00:00+00')"
    )


def test_partitions__read_by_time() -> None:
    make(JULY, MAY)
    add_events(4, "2024-05-01 00:00+00")
    run_sql(f"ANALYZE {TABLE}")
    run_sql(f"ALTER TABLE {TABLE} DETACH PARTITION analytics_events_2024_07")
    found = read_partitions(connection, TABLE)
    assert [(p.name, p.start, p.end, p.rows, p.attached, p.is_default) for p in found] == [
        ("analytics_events_2024_05", moment("2024-05-01"), moment("2024-06-01"), 4, True, False),
        ("analytics_events_2024_07", moment("2024-07-01"), moment("2024-08-01"), 0, False, False),
        ("analytics_events_default", None, None, 0, True, True),
    ]
    assert [p.bytes > 0 for p in found] == [True, True, True]


def test_ordinary_table__has_no_partitions() -> None:
    assert read_partitions(connection, "users") == []
