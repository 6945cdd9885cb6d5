"""Rollback of many rows: counted or estimated, backed up, and restored.

`ROLLBACK_ROWS=1000000 pytest tests/rollback/test_many_rows.py --durations=0` takes a while.
"""

import os
from pathlib import Path

import pytest

from config.rollback import losses
from tests.rollback.helpers import GO_ON, contents, refusal, rollback, run_command
from tests.support.migrations import run_sql
from tests.support.verify_schema import IDENTICAL, verify_schema

ROWS = int(os.environ.get("ROLLBACK_ROWS", "5000"))
FILL = f"""
    INSERT INTO analytics_events (user_id, event_type, event_data)
    SELECT (SELECT id FROM users LIMIT 1), 'lesson_viewed', jsonb_build_object('seconds', n)
      FROM generate_series(1, {ROWS - 2}) AS n
"""


@pytest.fixture
def many_rows(events: str) -> None:
    run_sql(FILL)
    run_sql("ANALYZE analytics_events")


def test_many_rows__refused_counted_and_restored(many_rows: None, backups: Path) -> None:
    before = contents()
    assert refusal("analytics", "--noinput").startswith("Data would be destroyed, ")
    lines = rollback("analytics", *GO_ON)
    assert f"with {ROWS + 4:,} rows." in lines[-6]
    run_command(lines[-1])
    assert contents() == before
    assert verify_schema("-v", 0).verdict == IDENTICAL


def test_many_rows_without_time_to_count__estimated(
    many_rows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losses, "COUNTING_SECONDS", 0)
    lines = rollback("analytics", *GO_ON, "--no-backup")
    [created] = [line for line in lines if "Create model AnalyticsEvent" in line]
    assert f" about {ROWS:,} rows " in created
    assert any(line.startswith("  about ") and " rows in 3 tables" in line for line in lines)
