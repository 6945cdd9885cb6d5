"""Old months: detached, archived and dropped."""

import re
from pathlib import Path

import pytest
from django.db import Error, connection, transaction

from config.console import explain
from config.dumps import ClientProgramError, ClientPrograms, find_client_programs
from tests import factories
from tests.partitions.commands import partitions, refusal
from tests.partitions.events import TABLE, add_events, bounds, row_counts
from tests.support.migrations import run_sql

pytestmark = pytest.mark.usefixtures("migrated_database", "november")
SURE = ("--noinput", "--yes-destroy-data")


@pytest.fixture(autouse=True)
def months(migrated_database: str) -> None:
    """Create September to November, with 3 events in September and 2 in October."""
    partitions("--from", "2026-09")
    add_events(3, "2026-09-05 00:00+00")
    add_events(2, "2026-10-05 00:00+00")


def test_keep__drops_older_months_once() -> None:
    assert partitions("--keep", 2, *SURE) == ["Dropped analytics_events_2026_09."]
    assert row_counts() == {"analytics_events_2026_10": 2}
    assert partitions("--keep", 2, "--noinput") == []


def test_keep_without_permission_or_a_terminal__refused() -> None:
    assert refusal("--keep", 2, "--noinput") == (
        "Data would be destroyed, and --noinput alone does not allow it. Nothing was changed. "
        "Add --yes-destroy-data."
    )
    assert refusal("--keep", 2) == (
        "There is no terminal to ask on. Nothing was changed. Add --noinput --yes-destroy-data if "
        "you are sure."
    )
    assert sum(row_counts().values()) == 5


def test_detach_only__keeps_the_rows_as_a_table_without_foreign_keys_until_it_is_dropped() -> None:
    assert partitions("--keep", 2, "--detach-only", "--noinput") == [
        "Detached analytics_events_2026_09."
    ]
    assert row_counts() == {"analytics_events_2026_10": 2}
    assert run_sql("SELECT count(*) FROM analytics_events_2026_09") == [(3,)]
    assert (
        run_sql(
            "SELECT conname FROM pg_constraint WHERE contype = 'f'"
            " AND conrelid = 'analytics_events_2026_09'::regclass"
        )
        == []
    )
    assert partitions("--keep", 2, "--detach-only") == []
    assert partitions("--keep", 2, *SURE) == ["Dropped analytics_events_2026_09."]


def test_month_detached_before_a_column_was_added__dropped_by_the_next_run() -> None:
    partitions("--keep", 2, "--detach-only")
    run_sql(f"ALTER TABLE {TABLE} ADD extra int")
    assert partitions("--keep", 2, *SURE) == ["Dropped analytics_events_2026_09."]


@pytest.mark.parametrize("is_detached", [True, False])
def test_quarter_created_manually__dropped_when_all_of_it_is_old(is_detached: bool) -> None:
    run_sql(
        f"CREATE TABLE by_hand PARTITION OF {TABLE}"
        " FOR VALUES FROM ('2026-04-01 00:00+00') TO ('2026-07-01 00:00+00')"
    )
    if is_detached:
        assert partitions("--keep", 3, "--detach-only") == ["Detached by_hand."]
    assert partitions("--keep", 3, *SURE) == ["Dropped by_hand."]


def test_detached_month_that_was_renamed__kept() -> None:
    partitions("--keep", 2, "--detach-only")
    run_sql("ALTER TABLE analytics_events_2026_09 RENAME TO kept")
    assert partitions("--keep", 2, *SURE) == []
    assert run_sql("SELECT count(*) FROM kept") == [(3,)]


def test_partition_in_another_schema__dropped_but_not_a_table_of_the_same_name(
    tmp_path: Path,
) -> None:
    run_sql("CREATE SCHEMA old")
    run_sql(
        f'CREATE TABLE old."By hand" PARTITION OF {TABLE}'
        " FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2026-02-01 00:00+00')"
    )
    run_sql('CREATE TABLE "By hand" ()')
    partitions("--keep", 3, "--archive", tmp_path, *SURE)
    names = ['"By hand"', 'old."By hand"']
    assert [run_sql(f"SELECT to_regclass('{name}')::text") for name in names] == [
        [('"By hand"',)],
        [(None,)],
    ]
    assert (tmp_path / "By hand.dump").exists()


def test_archive__can_be_restored(tmp_path: Path) -> None:
    user = factories.UserFactory.create()
    add_events(4, "2026-09-06 00:00+00", user=f"'{user.pk}'")
    path = tmp_path / "old" / "analytics_events_2026_09.dump"
    lines = partitions("--keep", 2, "--archive", tmp_path / "old", *SURE)
    assert [line.partition(" (")[0] for line in lines] == [
        "Detached analytics_events_2026_09.",
        f"Archived analytics_events_2026_09: {path}",
        "Dropped analytics_events_2026_09.",
    ]
    assert "analytics_events_2026_09" not in bounds()
    user.delete()
    tools = find_client_programs(connection)
    tools.run(tools.command("pg_restore", path))
    assert run_sql("SELECT count(*) FROM analytics_events_2026_09") == [(7,)]


def test_archive_next_to_an_older_one_and_files_of_others__keeps_them(tmp_path: Path) -> None:
    older = tmp_path / "analytics_events_2026_09.dump"
    older.write_text("older")
    others = {"analytics_events_2026_09.unfinished", "other.unfinished", "other-2.unfinished"}
    for name in others:
        (tmp_path / name).touch()
    partitions("--keep", 2, "--archive", tmp_path, *SURE)
    assert {path.name for path in tmp_path.iterdir()} == {
        "analytics_events_2026_09.dump",
        "analytics_events_2026_09-2.dump",
        "other.unfinished",
        "other-2.unfinished",
    }
    assert older.read_text() == "older"


def test_archive_that_cannot_be_written__nothing_detached(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    directory = tmp_path / "file" / "dir"
    assert refusal("--keep", 2, "--archive", directory, *SURE) == (
        f"analytics_events_2026_09 could not be archived in {directory}: Not a directory. It is "
        "not dropped. Fix this, and run the same command again."
    )
    assert "analytics_events_2026_09" in bounds()


def test_archive_of_a_month_that_a_view_reads__nothing_detached_or_written(tmp_path: Path) -> None:
    run_sql("CREATE VIEW september AS SELECT FROM analytics_events_2026_09")
    with pytest.raises(Error) as error:
        partitions("--keep", 2, "--archive", tmp_path, *SURE)
    assert explain(error.value) == (
        "cannot drop table analytics_events_2026_09 because other objects depend on it: view "
        "september depends on table analytics_events_2026_09. Drop the dependent objects, or ask "
        "their owner to."
    )
    assert "analytics_events_2026_09" in bounds()
    assert list(tmp_path.iterdir()) == []


def test_archive_after_a_failure_of_pg_dump__finished_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(tools: object, command: list[str]) -> bytes:
        if "--schema-only" in command:
            return b""
        raise ClientProgramError("the disk is full")

    arguments = ("--keep", 2, "--archive", tmp_path, *SURE)
    with monkeypatch.context() as patch:
        patch.setattr(ClientPrograms, "run", give_up)
        assert refusal(*arguments) == (
            f"analytics_events_2026_09 could not be archived in {tmp_path}: the disk is full. It "
            "is not dropped. Fix this, and run the same command again."
        )
    assert list(tmp_path.iterdir()) == []
    partitions(*arguments)
    assert list(tmp_path.iterdir()) == [tmp_path / "analytics_events_2026_09.dump"]


def test_archive_that_pg_dump_cannot_begin__month_stays_attached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> bytes:
        raise ClientProgramError("no pg_hba.conf entry")

    monkeypatch.setattr(ClientPrograms, "run", refuse)
    assert refusal("--keep", 2, "--archive", tmp_path, *SURE) == (
        f"analytics_events_2026_09 could not be archived in {tmp_path}: no pg_hba.conf entry. It "
        "is not dropped. Fix this, and run the same command again."
    )
    assert "analytics_events_2026_09" in bounds()


def test_archive_after_a_crash__finished_by_the_next_run(tmp_path: Path) -> None:
    partitions("--keep", 2, "--detach-only")
    lines = partitions("--keep", 2, "--archive", tmp_path, *SURE)
    assert [line.partition(" (")[0] for line in lines] == [
        f"Archived analytics_events_2026_09: {tmp_path / 'analytics_events_2026_09.dump'}",
        "Dropped analytics_events_2026_09.",
    ]


def test_late_event_of_a_dropped_month__goes_to_the_default_partition() -> None:
    partitions("--keep", 1, *SURE)
    add_events(1, "2026-09-05 00:00+00")
    assert row_counts() == {"analytics_events_default": 1}


def test_question__shows_what_would_be_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda: connection.settings_dict["NAME"])
    run_sql(f"ANALYZE {TABLE}")
    lines = partitions("--keep", 2)
    assert [re.sub(" +[0-9]+ kB", " … kB", line) for line in lines] == [
        "To be dropped:",
        "  analytics_events_2026_09  3 rows … kB",
        "",
        f"Type the name of the database, {connection.settings_dict['NAME']}, to continue: "
        "Dropped analytics_events_2026_09.",
    ]


def test_dropping__locks_no_table_that_is_referred_to() -> None:
    with transaction.atomic():
        run_sql("DROP TABLE analytics_events_2026_09")
        assert (
            run_sql(
                "SELECT mode FROM pg_locks WHERE pid = pg_backend_pid()"
                " AND relation = 'users'::regclass"
            )
            == []
        )
