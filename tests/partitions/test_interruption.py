"""Runs of partitions that are interrupted, wait for locks, or lack privileges."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import Error, connection
from psycopg.pq import TransactionStatus
from pytest_django import Settings

from config.console import explain
from config.dumps import ClientPrograms
from config.migrating.migration_lock import KEY
from config.partitions import creation
from config.partitions.management.commands.partitions import Command
from tests.migrating.sessions import (
    Session,
    session,
    wait_until_a_session_waits,
    without_seconds,
)
from tests.partitions.commands import partitions, refusal
from tests.partitions.events import (
    JUNE,
    TABLE,
    add_events,
    bounds,
    make,
    make_until_exchange,
    row_counts,
)
from tests.support.migrations import run_sql

pytestmark = pytest.mark.usefixtures("migrated_database", "november")
MONTH = f"{TABLE}_2024_06"


@contextmanager
def cut_before(number: int) -> Iterator[Callable[[], bool]]:
    """Close the connection before transaction `number`; yield a function that tells whether it did.

    A cut within a transaction has the same effect, because PostgreSQL rolls it back.
    """
    left = number

    def cut(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        nonlocal left
        left -= connection.connection.info.transaction_status == TransactionStatus.IDLE
        if left == 0:
            connection.connection.close()
        return execute(sql, *rest)

    with connection.execute_wrapper(cut):
        yield lambda: left <= 0


@pytest.mark.usefixtures("low_limits")
def test_move_cut_before_any_transaction__finished_by_the_next_run() -> None:
    number, was_cut = 0, True
    while was_cut:
        number += 1
        add_events(11)
        with cut_before(number) as reached:
            try:
                make(JUNE)
            except Error:
                connection.close()
            was_cut = reached()
        make(JUNE)
        assert row_counts() == {MONTH: 11}, number
        run_sql(f"DROP TABLE {MONTH}")
    assert number > 20


@pytest.mark.usefixtures("low_limits")
def test_copy_of_a_month_that_the_next_run_does_not_create__removed() -> None:
    partitions("--ahead", 0)
    add_events(300)
    make_until_exchange(JUNE)
    assert partitions("--ahead", 0, "--dry-run") == [
        f"To be removed, since unfinished: public.{MONTH}, public.{TABLE}_to_stay, "
        f"public.{TABLE}_touched"
    ]
    assert partitions("--ahead", 0) == []
    assert run_sql(f"SELECT to_regclass('{MONTH}')") == [(None,)]
    assert row_counts() == {f"{TABLE}_default": 300}


@pytest.mark.usefixtures("low_limits")
def test_trigger_of_a_run_that_was_killed__removed_before_migrate_renames_its_columns() -> None:
    add_events(300)
    make_until_exchange(JUNE)
    triggers = "SELECT count(*) FROM pg_trigger WHERE tgname = 'touched'"
    assert run_sql(triggers) == [(1,)]
    call_command("migrate", verbosity=0)
    assert run_sql(triggers) == [(0,)]
    assert row_counts() == {f"{TABLE}_default": 300}


@pytest.mark.usefixtures("low_limits")
def test_copies_of_a_run_that_was_killed__removed_by_a_rollback(tmp_path: Path) -> None:
    add_events(300)
    make_until_exchange(JUNE)
    options = ("--noinput", "--yes-destroy-data", f"--backup-dir={tmp_path}")
    call_command("rollback", "analytics", *options, verbosity=0)
    assert run_sql(f"SELECT relname FROM pg_class WHERE relname LIKE '{TABLE}%'") == []
    assert run_sql(f"SELECT proname FROM pg_proc WHERE proname LIKE '{TABLE}%'") == []


def test_statistics_interrupted__the_month_counts_as_created(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    add_events(3, "2026-11-05 00:00+00")
    monkeypatch.setattr(creation, "execute", interrupt)
    with pytest.raises(KeyboardInterrupt) as interruption:
        partitions("--ahead", 0)
    assert str(interruption.value) == (
        "interrupted. Everything shown is done. Run partitions again to continue."
    )
    assert row_counts() == {f"{TABLE}_2026_11": 3}


def cut_and_run_again(*arguments: object) -> Iterator[int]:
    """Cut a run before each transaction in turn, run it again, and yield the number."""
    number, was_cut = 0, True
    while was_cut:
        number += 1
        make(JUNE)
        with cut_before(number) as reached:
            try:
                partitions(*arguments)
            except (Error, CommandError):
                connection.close()
            was_cut = reached()
        partitions(*arguments)
        yield number


def test_detaching_cut_before_any_transaction__finished_by_the_next_run() -> None:
    arguments = ("--keep", 1, "--detach-only")
    for number in cut_and_run_again(*arguments):
        keys = "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = '{}'::regclass"
        assert run_sql(keys.format(MONTH)) == [], number
        assert list(bounds()) == [f"{TABLE}_default"], number
        run_sql(f"DROP TABLE {MONTH}")


def test_archive_cut_before_any_transaction__finished_by_the_next_run(tmp_path: Path) -> None:
    arguments = ("--keep", 1, "--archive", tmp_path, "--noinput", "--yes-destroy-data")
    for number in cut_and_run_again(*arguments):
        assert run_sql(f"SELECT to_regclass('{MONTH}')") == [(None,)]
        assert list(tmp_path.glob(f"{MONTH}*.dump")), number
        assert not list(tmp_path.glob("*.unfinished"))
        for path in tmp_path.iterdir():
            path.unlink()


def test_archive_that_takes_longer_than_sessions_may_be_idle__dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def idle(*args: Any, **options: Any) -> bytes:
        with suppress(Error):
            run_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        return b" TABLE DATA "

    make(JUNE)
    monkeypatch.setattr(ClientPrograms, "run", idle)
    lines = partitions("--keep", 1, "--archive", tmp_path, "--noinput", "--yes-destroy-data")
    assert lines[-1] == f"Dropped {MONTH}."


@pytest.mark.usefixtures("low_limits")
def test_rows_inserted_meanwhile__none_lost_and_none_refused() -> None:
    add_events(2_000)
    ended, inserted = Event(), []
    with session() as writer:

        def insert() -> None:
            while not ended.is_set():
                writer.execute(
                    f"INSERT INTO {TABLE} (id, event_type, event_data, timestamp)".encode()
                    + b" VALUES (gen_random_uuid(), 'live', '{}', '2024-06-20 00:00+00')"
                )
                inserted.append(1)

        thread = Thread(target=insert)
        thread.start()
        try:
            make(JUNE)
        finally:
            ended.set()
            thread.join()
    assert row_counts() == {MONTH: 2_000 + len(inserted)}


@pytest.fixture
def reader() -> Iterator[Session]:
    """Return a session in a transaction that reads from the partitioned table."""
    with session() as reader:
        reader.execute(f"BEGIN; SELECT FROM {TABLE}".encode())
        yield reader


def test_reader_that_stays__gives_up_and_changes_nothing(
    reader: Session, settings: Settings
) -> None:
    settings.MIGRATE_LOCK_TIMEOUT = 0.2
    pid = reader.info.backend_pid
    assert without_seconds(refusal("--ahead", 0)) == (
        "partitions could not lock analytics_events_default within 0.2 s: session "
        f"{pid} (report, idle in transaction for … s, BEGIN; SELECT FROM analytics_events) is in "
        "the way. Gave up after 3 attempts. No month was changed. Run partitions again "
        f"when that session has ended, or end it: SELECT pg_terminate_backend({pid});"
    )
    assert list(bounds()) == [f"{TABLE}_default"]


def test_reader_that_ends__month_created(reader: Session, settings: Settings) -> None:
    settings.MIGRATE_LOCK_TIMEOUT = 0.2
    settings.MIGRATE_LOCK_RETRIES = 10
    thread = Thread(target=reader.rollback)
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        if not thread.ident:
            thread.start()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Command, "say", lambda self, line: say(line))
        partitions("--ahead", 0)
    assert "Trying again" in lines[0]
    assert lines[-1] == "Created analytics_events_2026_11."


def test_month_that_another_session_is_dropping__not_shown() -> None:
    make(JUNE)
    with session() as other, session() as watcher:

        def commit() -> None:
            wait_until_a_session_waits(watcher)
            other.execute("COMMIT")

        other.execute(f"BEGIN; DROP TABLE {MONTH}".encode())
        thread = Thread(target=commit)
        thread.start()
        lines = partitions()
        thread.join()
    assert lines[1:] == [f"  0 rows in {TABLE}_default, for months without a partition"]


def test_another_run_in_progress__refused(settings: Settings) -> None:
    settings.MIGRATE_WAIT = 0
    with session("partitions by pid 1 on host") as other:
        other.execute("SELECT pg_advisory_lock(%s)", [KEY])
        assert refusal("--ahead", 0).partition(", session")[0] == (
            "Waited 0 seconds for partitions by pid 1 on host"
        )
    assert list(bounds()) == [f"{TABLE}_default"]


def test_role_without_privileges__one_line(migrated_database: str, guest: str) -> None:
    run_sql(f"GRANT USAGE, CREATE ON SCHEMA public TO {guest}")
    run_sql(f"GRANT SELECT ON {TABLE}, {TABLE}_default TO {guest}")
    run_sql(f"SET ROLE {guest}")
    with pytest.raises(Error) as error:
        partitions("--ahead", 0)
    assert explain(error.value) == (
        "permission denied for table analytics_events. Let the owner grant it, or use another "
        "role in DATABASE_URL."
    )


def test_database_that_is_read_only__one_line() -> None:
    run_sql("SET default_transaction_read_only = on")
    with pytest.raises(Error) as error:
        partitions("--ahead", 0)
    assert explain(error.value) == (
        "cannot execute CREATE TABLE in a read-only transaction. Point DATABASE_URL at the primary "
        "server and a role that may write."
    )
