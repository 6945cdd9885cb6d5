"""The SQL that changes the labels of an enum type, on one server and on a cluster."""

import pytest
from django.db import connection

from config.postgres.enums.live_type import find_enum, plan_swap
from tests.support.migrations import run_sql

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _task() -> None:
    run_sql("""
        CREATE TYPE level AS ENUM ('low', 'none');
        CREATE TABLE task (level level DEFAULT 'low', CONSTRAINT c CHECK (level <> 'none'));
    """)


def alterations() -> list[str]:
    """Return the statements that alter tables when the labels are reordered."""
    enum = find_enum(connection, "level")
    assert enum
    statements = plan_swap(connection, enum, ["none", "low"]).statements
    return [sql.removeprefix("ALTER TABLE public.") for sql in statements if "ALTER TABLE" in sql]


AT_ONCE = [
    "task DROP CONSTRAINT c, ALTER COLUMN level DROP DEFAULT",
    "task ALTER COLUMN level TYPE level USING level::text::level,"
    " ALTER COLUMN level SET DEFAULT 'low'::level,"
    " ADD CONSTRAINT c CHECK ((level <> 'none'::level))",
]
ONE_BY_ONE = [
    "task DROP CONSTRAINT c",
    "task ALTER COLUMN level DROP DEFAULT",
    "task ALTER COLUMN level TYPE level USING level::text::level",
    "task ALTER COLUMN level SET DEFAULT 'low'::level",
    "task ADD CONSTRAINT c CHECK ((level <> 'none'::level))",
]


@pytest.mark.parametrize(("is_cluster", "statements"), [(False, AT_ONCE), (True, ONE_BY_ONE)])
def test_labels_changed__alter_the_table(
    monkeypatch: pytest.MonkeyPatch, is_cluster: bool, statements: list[str]
) -> None:
    monkeypatch.setattr("config.postgres.enums.live_type.is_cluster", lambda alias: is_cluster)
    assert alterations() == statements


def test_labels_changed__shards_are_altered_only_through_their_tables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_sql("CREATE TABLE task_1 (LIKE task INCLUDING ALL); CREATE INDEX ON task_1 (level)")
    [[shard]] = run_sql("SELECT 'task_1'::regclass::oid::bigint")
    monkeypatch.setattr("config.postgres.enums.live_type.read_shards", lambda connection: [shard])
    assert alterations() == AT_ONCE
