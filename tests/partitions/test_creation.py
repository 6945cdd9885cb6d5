"""Months that are created, and rows that move to them."""

from collections.abc import Callable
from datetime import date

import pytest
from django.core.management.base import CommandError
from django.db import Error, connection, transaction

from config.partitions import exchange, read_partitions
from tests import factories
from tests.partitions.events import (
    JULY,
    JUNE,
    MAY,
    TABLE,
    add_events,
    bounds,
    make,
    make_until_exchange,
    moment,
    row_counts,
)
from tests.support.migrations import run_sql

pytestmark = pytest.mark.usefixtures("migrated_database")
OF_JUNE = "FOR VALUES FROM ('2024-06-01 00:00:00+00') TO ('2024-07-01 00:00:00+00')"


def refusal(*months: date) -> str:
    """Return the message with which the creation of `months` is refused."""
    with pytest.raises(CommandError) as error:
        make(*months)
    return str(error.value)


def test_month_missing__created_once() -> None:
    assert make(JUNE) == ["analytics_events_2024_06"]
    assert bounds() == {"analytics_events_2024_06": OF_JUNE, "analytics_events_default": "DEFAULT"}
    assert make(JUNE) == []


def test_rows_of_the_default_partition__moved() -> None:
    add_events(3)
    add_events(2, "2024-08-01 00:00+00")
    make(JUNE, JULY)
    assert row_counts() == {"analytics_events_2024_06": 3, "analytics_events_default": 2}


@pytest.mark.usefixtures("low_limits")
def test_many_rows__copied_and_moved() -> None:
    add_events(300)
    add_events(2, "2024-08-01 00:00+00")
    lines: list[str] = []
    make(JUNE, say=lines.append)
    assert row_counts() == {"analytics_events_2024_06": 300, "analytics_events_default": 2}
    assert lines == [
        "Created analytics_events_2024_06, with about 300 rows of the default partition."
    ]


def before_exchange(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Call `act` when all rows are copied, before the default partition is replaced."""
    change = exchange.Exchange._replace_default

    def act_and_change(self: exchange.Exchange) -> None:
        act()
        change(self)

    monkeypatch.setattr(exchange.Exchange, "_replace_default", act_and_change)


@pytest.mark.usefixtures("low_limits")
def test_rows_that_change_after_they_were_copied__moved_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user, stays = factories.UserFactory.create_batch(2)
    add_events(300)
    add_events(5, "2024-06-10 00:00+00", user=f"'{user.pk}'")
    add_events(20, "2024-08-01 00:00+00")

    def change() -> None:
        user.delete()
        run_sql(f"DELETE FROM {TABLE} WHERE timestamp < '2024-06-01 00:00:10+00'")
        run_sql(
            f"UPDATE {TABLE} SET event_type = 'late' WHERE timestamp = '2024-06-01 00:01:00+00'"
        )
        run_sql(
            f"UPDATE {TABLE} SET timestamp = '2024-06-02 00:00:00+00'"
            " WHERE timestamp = '2024-08-01 00:00:00+00'"
        )
        add_events(5, "2024-06-20 00:00+00", user=f"'{stays.pk}'")
        add_events(5, "2024-08-20 00:00+00", user=f"'{stays.pk}'")

    before_exchange(monkeypatch, change)
    make(JUNE)
    assert row_counts() == {"analytics_events_2024_06": 296, "analytics_events_default": 24}
    assert run_sql(f"SELECT timestamp FROM {TABLE} WHERE event_type = 'late'") == [
        (moment("2024-06-01 00:01:00"),)
    ]
    assert run_sql(f"SELECT min(timestamp) FROM {TABLE}") == [(moment("2024-06-01 00:00:10"),)]


@pytest.mark.usefixtures("low_limits")
def test_user_whose_events_are_deleted_first__is_deleted_although_they_were_copied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = factories.UserFactory.create()
    [(key,)] = run_sql(
        f"SELECT conname FROM pg_constraint WHERE conrelid = '{TABLE}'::regclass AND contype = 'f'"
    )
    run_sql(
        f"ALTER TABLE {TABLE} DROP CONSTRAINT {key},"
        f" ADD CONSTRAINT {key} FOREIGN KEY (user_id) REFERENCES users DEFERRABLE"
    )
    add_events(300)
    add_events(5, "2024-06-10 00:00+00", user=f"'{user.pk}'")
    add_events(5, "2024-08-10 00:00+00", user=f"'{user.pk}'")

    def delete() -> None:
        run_sql(f"DELETE FROM {TABLE} WHERE user_id = '{user.pk}'")
        run_sql(f"DELETE FROM users WHERE id = '{user.pk}'")

    before_exchange(monkeypatch, delete)
    make(JUNE)
    assert row_counts() == {"analytics_events_2024_06": 300}


@pytest.mark.usefixtures("low_limits")
@pytest.mark.parametrize(
    ("act", "left"),
    [
        (f"TRUNCATE {TABLE}", 0),
        ("DROP TRIGGER touched ON analytics_events_default", 300),
        # As pg_restore --disable-triggers does.
        (
            "ALTER TABLE analytics_events_default DISABLE TRIGGER ALL;"
            f"DELETE FROM {TABLE} WHERE timestamp < '2024-06-01 00:00:10+00';"
            "ALTER TABLE analytics_events_default ENABLE TRIGGER ALL",
            290,
        ),
    ],
    ids=["truncate", "trigger dropped", "trigger disabled"],
)
def test_rows_changed_without_the_trigger_after_they_were_copied__nothing_moved(
    act: str, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_events(300)
    before_exchange(monkeypatch, lambda: run_sql(act))
    assert refusal(JUNE) == (
        '"analytics_events_default" was emptied or rewritten, or its triggers were disabled, while '
        "its rows were copied. No row has moved. Run the same command again."
    )
    assert run_sql(f"SELECT count(*) FROM {TABLE}_default") == [(left,)]


@pytest.mark.usefixtures("low_limits")
def test_exchange__reads_no_row_while_it_holds_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    make(MAY)
    add_events(300)
    add_events(20, "2024-08-01 00:00+00")
    notices: list[str] = []
    connection.connection.add_notice_handler(
        lambda notice: notices.append(str(notice.message_primary))
    )
    before_exchange(monkeypatch, lambda: run_sql("SET client_min_messages = debug1"))
    make(JUNE)
    run_sql("RESET client_min_messages")
    assert [notice for notice in notices if "partition" in notice or "verif" in notice] == [
        'partition constraint for table "analytics_events_default" is implied by existing '
        "constraints",
        'partition constraint for table "analytics_events_2024_06" is implied by existing '
        "constraints",
        'updated partition constraint for default partition "analytics_events_default" is implied '
        "by existing constraints",
    ]


@pytest.mark.usefixtures("low_limits")
def test_default_partition_that_was_exchanged__is_like_the_one_before() -> None:
    add_events(300)
    run_sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO pg_monitor")
    run_sql("GRANT INSERT ON analytics_events_default TO PUBLIC")
    run_sql("GRANT DELETE ON analytics_events_default TO pg_monitor WITH GRANT OPTION")
    privileges = "SELECT relacl::text FROM pg_class WHERE relname = 'analytics_events_default'"
    before = structure("analytics_events_default"), run_sql(privileges)
    make(JUNE)
    assert (structure("analytics_events_default"), run_sql(privileges)) == before
    assert run_sql(
        "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname = 'touched'),"
        "       (SELECT count(*) FROM pg_proc WHERE proname LIKE 'analytics%')"
    ) == [(0, 0)]


@pytest.mark.usefixtures("low_limits")
def test_default_partition_that_a_view_reads__refused_before_rows_are_copied() -> None:
    add_events(300)
    run_sql("CREATE VIEW waiting AS SELECT FROM analytics_events_default")
    with pytest.raises(Error, match="view waiting depends on table analytics_events_default"):
        make(JUNE)
    assert row_counts() == {"analytics_events_default": 300}


@pytest.mark.usefixtures("low_limits")
def test_default_partition_with_additional_objects__refused_before_rows_are_copied() -> None:
    add_events(300)
    for sql in (
        "CREATE TRIGGER own AFTER INSERT ON analytics_events_default"
        " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE own AS ON UPDATE TO analytics_events_default DO NOTHING",
        "CREATE INDEX own ON analytics_events_default (event_type)",
        "ALTER TABLE analytics_events_default ADD CONSTRAINT own CHECK (event_type <> 'bad')",
        "CREATE POLICY own ON analytics_events_default USING (false)",
        "ALTER TABLE analytics_events_default ENABLE ROW LEVEL SECURITY",
        "CREATE PUBLICATION own FOR TABLE analytics_events_default",
    ):
        run_sql(sql)
    assert refusal(JUNE) == (
        'Many rows must move out of "analytics_events_default", so a new partition would replace '
        "it. These objects would be lost: "
        "constraint own on table analytics_events_default, "
        "index own, "
        "policy own on table analytics_events_default, "
        "publication of table analytics_events_default in publication own, "
        "row level security, "
        "rule own on table analytics_events_default, "
        "trigger own on table analytics_events_default. Nothing was changed. Remove them, or "
        'add them to "analytics_events". Then run the same command again.'
    )
    assert row_counts() == {"analytics_events_default": 300}


@pytest.mark.usefixtures("low_limits")
@pytest.mark.parametrize(("gone", "left"), [("00:00:10", 290), ("00:04:58", 2)])
def test_copy_of_a_run_that_was_killed__created_again(gone: str, left: int) -> None:
    add_events(300)
    make_until_exchange(JUNE)
    run_sql(f"DELETE FROM {TABLE} WHERE timestamp < '2024-06-01 {gone}+00'")
    make(JUNE)
    assert row_counts() == {"analytics_events_2024_06": left}


def test_month_in_a_transaction__created() -> None:
    with transaction.atomic():
        add_events(3)
        make(JUNE)
    assert row_counts() == {"analytics_events_2024_06": 3}


def test_month__is_like_a_partition_that_postgresql_creates() -> None:
    make(JUNE)
    run_sql(
        f"CREATE TABLE by_postgresql PARTITION OF {TABLE}"
        " FOR VALUES FROM ('2024-07-01 00:00+00') TO ('2024-08-01 00:00+00')"
    )
    assert structure("analytics_events_2024_06") == structure("by_postgresql")


def structure(table: str) -> list[tuple[str, ...]]:
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
        " SELECT 'index', regexp_replace(pg_get_indexdef(indexrelid), 'INDEX .* USING', ''),"
        "        indisvalid::text,"
        "        (SELECT count(*)::text FROM pg_inherits WHERE inhrelid = indexrelid)"
        "   FROM pg_index JOIN pg_class ON oid = indrelid"
        f"  WHERE indrelid = '{table}'::regclass ORDER BY 1, 2"
    )


def test_session_in_another_zone__months_are_those_of_utc() -> None:
    run_sql("SET TimeZone = 'Asia/Kolkata'")
    make(JUNE)
    run_sql("SET TimeZone = 'UTC'")
    assert bounds()["analytics_events_2024_06"] == OF_JUNE


def test_month_with_the_name_of_another_table__refused_and_nothing_created() -> None:
    run_sql("CREATE TABLE analytics_events_2024_06 ()")
    assert refusal(MAY, JUNE) == (
        '"analytics_events_2024_06" exists, but is not a partition of "analytics_events". '
        "Nothing was changed. Drop it, rename it, or attach it: ALTER TABLE "
        '"analytics_events" ATTACH PARTITION "analytics_events_2024_06" '
        f"{OF_JUNE};"
    )
    assert list(bounds()) == ["analytics_events_default"]


def test_quarter_created_manually__covers_its_months() -> None:
    create_manually("2024-04-01", "2024-07-01")
    assert make(MAY, JUNE, JULY) == ["analytics_events_2024_07"]


def test_week_created_manually__refused_and_nothing_created() -> None:
    create_manually("2024-06-03", "2024-06-10")
    assert refusal(MAY, JUNE) == (
        "Partition by_hand covers only a part of 2024-06, so analytics_events cannot have a "
        "partition for that month. Nothing was changed. Detach it, or create partitions for the "
        "rest of the month by hand."
    )
    assert list(bounds()) == ["analytics_events_default"]


def create_manually(start: str, end: str) -> None:
    run_sql(
        f"CREATE TABLE by_hand PARTITION OF {TABLE}"
        f" FOR VALUES FROM ('{start} 00:00+00') TO ('{end} 00:00+00')"
    )


def test_partitions__read_by_time_and_none_of_an_ordinary_table() -> None:
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
    assert read_partitions(connection, "users") == []
