"""manage.py partitions: output, created months and refusals."""

import re
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from config.partitions import after_migrate
from tests.partitions.commands import partitions, refusal
from tests.partitions.events import TABLE, add_events, bounds, make, row_counts
from tests.support.databases import known_database
from tests.support.migrations import run_sql

pytestmark = pytest.mark.usefixtures("migrated_database", "november")


def test_months__shown_with_rows_and_size_and_the_rows_without_a_month() -> None:
    partitions("--ahead", 1)
    add_events(3, "2026-11-05 00:00+00")
    add_events(2, "2024-06-01 00:00+00")
    run_sql(f"ANALYZE {TABLE}")
    run_sql(f"ALTER TABLE {TABLE} DETACH PARTITION analytics_events_2026_12")
    assert [re.sub(" +[0-9]+ kB", " … kB", line) for line in partitions()] == [
        "analytics_events: 1 month, … kB",
        "  analytics_events_2026_11  3 rows … kB",
        "  analytics_events_2026_12  0 rows … kB  detached",
        "  2 rows in analytics_events_default, for months without a partition",
    ]


def test_ahead__creates_this_month_and_coming_months_once() -> None:
    assert partitions("--ahead", 2) == [
        "Created analytics_events_2026_11.",
        "Created analytics_events_2026_12.",
        "Created analytics_events_2027_01.",
    ]
    assert partitions("--ahead", 2) == []


def test_ahead_after_months_without_a_run__also_creates_those_months() -> None:
    make(date(2026, 8, 1))
    add_events(3, "2026-10-05 00:00+00")
    assert partitions("--ahead", 0) == [
        "Created analytics_events_2026_09.",
        "Created analytics_events_2026_10, with 3 rows of the default partition.",
        "Created analytics_events_2026_11.",
    ]


def test_ahead_and_keep__creates_no_month_that_is_too_old() -> None:
    make(date(2026, 8, 1))
    assert partitions("--ahead", 0, "--keep", 1, "--noinput", "--yes-destroy-data") == [
        "Created analytics_events_2026_11.",
        "Dropped analytics_events_2026_08.",
    ]


def test_verbosity_0__prints_nothing() -> None:
    assert partitions("--ahead", 0, verbosity=0) == []
    assert "analytics_events_2026_11" in bounds()


def test_from__creates_earlier_months_with_their_rows() -> None:
    add_events(3, "2026-09-05 00:00+00")
    assert partitions("--from", "2026-09") == [
        "Created analytics_events_2026_09, with 3 rows of the default partition.",
        "Created analytics_events_2026_10.",
        "Created analytics_events_2026_11.",
    ]
    assert row_counts() == {"analytics_events_2026_09": 3}


def test_dry_run__shows_and_changes_nothing() -> None:
    assert partitions("--keep", 1, "--dry-run") == ["Nothing to do."]
    partitions("--from", "2026-10")
    assert partitions("--ahead", 1, "--keep", 1, "--dry-run") == [
        "To be created: analytics_events_2026_12",
        "To be dropped:",
        "  analytics_events_2026_10  0 rows  32 kB",
    ]
    assert {*bounds()} == {
        "analytics_events_2026_10",
        "analytics_events_2026_11",
        "analytics_events_default",
    }


def test_table_that_is_not_migrated__refused() -> None:
    call_command("migrate", "analytics", "zero", verbosity=0)
    assert refusal("--ahead", 1) == (
        "Table analytics_events does not exist or has no partitions. Nothing was changed. "
        "Run migrate."
    )


class OnlyDefault:
    """A router that keeps all tables on one database."""

    def allow_migrate(self, db: str, *args: object, **hints: object) -> bool:
        return db == "default"


def test_connection_without_the_table__refused(settings: Settings) -> None:
    settings.DATABASE_ROUTERS = [OnlyDefault()]
    with known_database(connection.settings_dict["NAME"]) as other:
        assert refusal("--ahead", 1, "--database", other.alias) == (
            f"No table of the connection {other.alias} is partitioned by month."
        )


def test_default_partition_missing__refused() -> None:
    partitions("--ahead", 0)
    run_sql("DROP TABLE analytics_events_default")
    assert refusal("--ahead", 1) == (
        "Table analytics_events has no default partition. Nothing was changed. "
        "manage.py verify_schema shows the SQL that creates it."
    )


def test_table_of_another_role__month_has_the_same_owner(
    migrated_database: str, guest: str
) -> None:
    run_sql(f"ALTER TABLE {TABLE} OWNER TO {guest}")
    partitions("--ahead", 0)
    owner = "SELECT relowner::regrole::text FROM pg_class WHERE relname = '{}_2026_11'"
    assert run_sql(owner.format(TABLE)) == [(guest,)]


def test_setting_for_months_ahead__migrate_creates_them_at_its_end(settings: Settings) -> None:
    settings.PARTITION_MONTHS_AHEAD = 1
    call_command("migrate", verbosity=0)
    assert {*bounds()} == {
        "analytics_events_2026_11",
        "analytics_events_2026_12",
        "analytics_events_default",
    }


def test_month_that_migrate_cannot_create__advice_is_printed(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.PARTITION_MONTHS_AHEAD = 0
    run_sql("CREATE TABLE analytics_events_2026_11 ()")
    call_command("migrate")
    assert capsys.readouterr().out.splitlines()[-1] == (
        "The coming months of analytics_events were not created, so their rows go to the default "
        'partition. "analytics_events_2026_11" exists, but is not a partition of '
        '"analytics_events". '
        "Drop it, rename it, or attach it: ALTER TABLE "
        '"analytics_events" ATTACH PARTITION "analytics_events_2026_11" FOR VALUES FROM '
        "('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00'); Then run manage.py partitions "
        "--ahead 0."
    )


def test_month_that_migrate_cannot_create__other_error_is_a_sentence_on_the_same_line(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PARTITION_MONTHS_AHEAD = 0
    monkeypatch.setattr(
        after_migrate, "make_months", lambda *args, **kwargs: run_sql("SELECT 'a'::int")
    )
    call_command("migrate")
    assert capsys.readouterr().out.splitlines()[-1] == (
        "The coming months of analytics_events were not created, so their rows go to the default "
        'partition. invalid input syntax for type integer: "a". Then run manage.py partitions '
        "--ahead 0."
    )


def test_migrate_to_zero__creates_no_months(settings: Settings) -> None:
    settings.PARTITION_MONTHS_AHEAD = 1
    call_command("migrate", "analytics", "zero", verbosity=0)
    assert bounds() == {}
