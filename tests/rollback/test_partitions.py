"""Rollback of a partitioned table: the plan counts one table, and a restore returns all rows."""

from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.rollback.helpers import (
    GO_ON,
    destroyed,
    rollback,
    rollback_until,
    run_command,
    session,
)
from tests.support.migrations import dump, extra_migration, migrate, run_sql

MONTHS = """
    CREATE TABLE analytics_events_2026_01 PARTITION OF analytics_events
       FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2026-02-01 00:00:00+00');
    CREATE TABLE analytics_events_2026_02 PARTITION OF analytics_events
       FOR VALUES FROM ('2026-02-01 00:00:00+00') TO ('2026-03-01 00:00:00+00');
    INSERT INTO analytics_events (event_type, timestamp)
    SELECT 'login', '2026-01-15'::timestamptz + n * interval '5 days' FROM generate_series(1, 8) n;
"""
DETACHED = "ALTER TABLE analytics_events DETACH PARTITION analytics_events_2026_01"


@pytest.fixture
def monthly_events(events: str) -> None:
    """Put 3 events into a month and 5 into another; 2 are in the default partition."""
    run_sql(MONTHS)


SIZE = """
    SELECT (sum(pg_total_relation_size(relid)) / 1024)::bigint::text
      FROM pg_partition_tree('analytics_events')
"""
LATER = """
    CREATE TABLE analytics_events_2026_03 PARTITION OF analytics_events
       FOR VALUES FROM ('2026-03-01 00:00:00+00') TO ('2026-04-01 00:00:00+00')
"""


def test_months__are_named_and_counted_as_one_table(monthly_events: None) -> None:
    lines = rollback("analytics", *GO_ON, "--no-backup")
    rows, tables, *_ = destroyed(lines)
    assert rows.startswith("14 rows in 3 tables, ")
    assert tables == "3 tables: analytics_events, course_analytics, student_analytics"
    assert lines[-1] == (
        "Rolled back analytics. Removed: 3 tables, the content types and permissions of 3 "
        "models and 1 migration record, with 14 rows."
    )
    assert run_sql("SELECT relname FROM pg_class WHERE relname LIKE 'analytics_events%'") == []


def test_months_without_time_to_count__are_estimated(
    monthly_events: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sql("ANALYZE analytics_events")
    [(size,)] = run_sql(SIZE)
    monkeypatch.setattr("config.rollback.losses.COUNTING_SECONDS", 0)
    lines = rollback("analytics", *GO_ON, "--no-backup")
    [created] = [line for line in lines if "Create model AnalyticsEvent" in line]
    assert created.split()[-5:] == ["about", "10", "rows", size, "kB"]


def test_months_rolled_back_or_changed__restored_with_all_rows(
    monthly_events: None, backups: Path
) -> None:
    before = dump()
    lines = rollback("analytics", *GO_ON)
    [path] = backups.glob("*.dump")
    assert any(line.startswith(f"Backup: {path} (13 tables, ") for line in lines)
    assert rollback("--restore", path, *GO_ON) == [
        f"{path} contains 13 tables, of which 10 exist in database {database_name()}. They will be "
        "replaced, and rows written since the backup will be lost.",
        f"Restored 13 tables and 4 enum types from {path}.",
    ]
    assert dump() == before
    change_months()
    run_command(lines[-1])
    assert dump() == before


def database_name() -> str:
    return str(run_sql("SELECT current_database()")[0][0])


def change_months() -> None:
    run_sql(f"{LATER}; DROP TABLE analytics_events_2026_01; DELETE FROM analytics_events")


def test_months_changed_after_a_restore__restored_again_with_all_rows(
    monthly_events: None, backups: Path
) -> None:
    before = dump()
    lines = rollback("analytics", *GO_ON)
    run_command(lines[-1])
    assert dump() == before
    change_months()
    [path] = backups.glob("*.dump")
    rollback("--restore", path, *GO_ON)
    assert dump() == before


def test_month_that_was_detached_since__is_named_before_it_is_replaced(
    monthly_events: None, backups: Path
) -> None:
    before = dump()
    rollback("--to", "auth.0011", *GO_ON)
    run_sql(DETACHED)
    [path] = backups.glob("*.dump")
    assert rollback("--restore", path, *GO_ON)[0].endswith(
        " It also replaces table public.analytics_events_2026_01."
    )
    assert dump() == before


def test_month_that_was_detached_before__stays(monthly_events: None) -> None:
    run_sql(DETACHED)
    rollback("analytics", *GO_ON, "--no-backup")
    assert run_sql("SELECT count(*) FROM analytics_events_2026_01") == [(3,)]


def execute(statement: str) -> None:
    with session() as other:
        other.execute(statement.encode())


def test_month_created_after_the_plan__refused(monthly_events: None) -> None:
    with pytest.raises(CommandError) as error:
        rollback_until("This destroys", lambda: execute(LATER), "analytics", *GO_ON)
    assert str(error.value) == (
        "The rollback would now also remove table analytics_events_2026_03, which its plan did not "
        "show. Nothing was changed. Run rollback again, and read the new plan. Everything shown as "
        "OK is undone."
    )
    assert run_sql("SELECT count(*) FROM analytics_events") == [(10,)]


def test_month_detached_after_the_plan__stays_with_its_rows(
    monthly_events: None, backups: Path
) -> None:
    before = dump()
    rollback_until("This destroys", lambda: execute(DETACHED), "analytics", *GO_ON)
    assert run_sql("SELECT count(*) FROM analytics_events_2026_01") == [(3,)]
    [path] = backups.glob("*.dump")
    rollback("--restore", path, *GO_ON)
    assert run_sql("SELECT count(*) FROM analytics_events") == [(7,)]
    assert dump() != before


def test_view_on_a_month__is_named_as_in_the_way(monthly_events: None) -> None:
    run_sql("CREATE VIEW january AS SELECT id FROM analytics_events_2026_01")
    with pytest.raises(CommandError) as error:
        rollback("analytics", *GO_ON)
    assert str(error.value) == (
        "Cannot roll back analytics: its migrations do not drop 1 object that depends on it: view "
        "january (needs table analytics_events). Nothing was changed. Drop the dependent objects, "
        "or ask their owner to, and run rollback again."
    )


CODE = """operations = [migrations.RunSQL(
    "SELECT 1", "DELETE FROM analytics_events WHERE timestamp < '2026-02-20';"
                "UPDATE analytics_events SET event_type = 'x'")]"""


def test_rows_that_code_changes_in_months__are_counted_by_table(monthly_events: None) -> None:
    with extra_migration("analytics", CODE):
        migrate("analytics")
        lines = rollback("--to", "analytics.0001", *GO_ON, "--no-backup")
    assert destroyed(lines)[0] == "7 rows of analytics_events, which stays"
    assert "This changes 3 rows of analytics_events." in lines


SHORTER = """operations = [migrations.AlterField(
    "analyticsevent", "event_type", models.CharField(max_length=200))]"""


def test_column_of_a_partitioned_table_shortened__loses_no_row(monthly_events: None) -> None:
    with extra_migration("analytics", SHORTER):
        migrate("analytics")
        before = run_sql("SELECT count(*) FROM analytics_events")
        lines = rollback("--to", "analytics.0001", "--noinput", "--no-backup")
    assert "This destroys no rows." in lines
    assert run_sql("SELECT count(*) FROM analytics_events") == before
