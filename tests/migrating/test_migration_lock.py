"""The migration lock, which lets one migrate run while others wait."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from django.core.management.base import CommandError
from django.db import connection
from pytest_django import Settings

from config.migrating.migration_lock import KEY, hold_migration_lock
from config.migrating.progress import Progress
from tests.migrating.sessions import LOCKS, Session, end_sessions, migrate_until, session
from tests.support.migrations import (
    dump,
    extra_migration,
    migrate,
    run_sql,
    schema,
)
from tests.support.processes import PATIENCE

TAKE = "SELECT pg_advisory_xact_lock(%s)"
HELD = f"SELECT application_name FROM {LOCKS} WHERE locktype = 'advisory'"
INDEX = (
    "from django.contrib.postgres.operations import AddIndexConcurrently; atomic = False; "
    'operations = [AddIndexConcurrently("User", models.Index("role", name="late_idx"))]'
)


@pytest.fixture
def holder(few_apps_database: str) -> Iterator[Session]:
    """Return a session that holds the lock like another migrate."""
    with session("migrate by pid 1 on elsewhere") as holder:
        holder.execute("BEGIN")
        holder.execute(TAKE, [KEY])
        yield holder


def description_of(holder: Session) -> str:
    [(since,)] = run_sql(
        "SELECT to_char(xact_start AT TIME ZONE 'UTC', 'HH24:MI:SS')"
        f"  FROM pg_stat_activity WHERE pid = {holder.info.backend_pid}"
    )
    return f"migrate by pid 1 on elsewhere, session {holder.info.backend_pid}, since {since} UTC"


def test_migrate_while_another_runs__waits_for_it(holder: Session) -> None:
    waiting = f"Waiting for {description_of(holder)}."
    lines = migrate_until("Waiting", holder.rollback)
    assert (lines[0], lines[-1]) == (waiting, "  No migrations to apply.")


def test_migrate_that_waits_too_long__gives_up(holder: Session, settings: Settings) -> None:
    settings.MIGRATE_WAIT = 0.1
    with pytest.raises(CommandError) as error:
        migrate()
    assert str(error.value) == (
        f"Waited 0.1 seconds for {description_of(holder)}, which is still running. Nothing was "
        "changed. Try again later, or set MIGRATE_WAIT to more seconds. If that process hangs, end "
        "it."
    )


@pytest.mark.parametrize("option", ["--plan", "--check"])
def test_migrate_that_only_shows_the_plan__does_not_wait(holder: Session, option: str) -> None:
    migrate(option)


def test_migrate_that_has_ended__leaves_no_lock(few_apps_database: str) -> None:
    migrate()
    assert run_sql(HELD) == []


def test_migrate_that_has_failed__leaves_no_lock(few_apps_database: str) -> None:
    with pytest.raises(CommandError, match="No installed app with label 'nowhere'"):
        migrate("nowhere")
    assert run_sql(HELD) == []


def test_holder__is_named_after_its_process(few_apps_database: str) -> None:
    names: list[Any] = []

    migrate_until("Operations", lambda: names.extend(run_sql(HELD)))
    assert names == [(f"migrate by pid {os.getpid()} on {socket.gethostname()}",)]


def lose_lock(apps: Any, editor: Any) -> None:
    """End the session that holds the migration lock; a migration calls this function."""
    with session() as other:
        end_sessions("locktype = 'advisory'", other)


LOST = (
    "The session that holds the migration lock was lost: "
    "terminating connection due to administrator command. "
)
LOSE = "from tests.migrating.test_migration_lock import lose_lock; operations = [migrations."


def test_migration_in_which_the_lock_is_lost__is_rolled_back(few_apps_database: str) -> None:
    before = schema()
    body = f"{LOSE}RunSQL('CREATE TABLE made ()'), migrations.RunPython(lose_lock)]"
    with extra_migration("users", body), pytest.raises(CommandError) as error:
        migrate("users")
    assert str(error.value) == f"{LOST}Nothing of users.0099_extra is applied. Run migrate again."
    assert schema() == before


def test_lock_whose_loss_a_query_has_noticed__reported_with_that_reason(
    few_apps_database: str,
) -> None:
    with hold_migration_lock(connection, Progress(), print) as lock:
        lose_lock(None, None)
        with pytest.raises(psycopg.Error):
            lock.query("SELECT")
        with pytest.raises(CommandError) as error:
            lock.check()
    assert str(error.value) == f"{LOST}Nothing was changed. Run migrate again."


def test_lock_in_a_database_with_a_timeout__has_no_time_limit(few_apps_database: str) -> None:
    timeout = "idle_in_transaction_session_timeout"
    run_sql(f"ALTER DATABASE {few_apps_database} SET {timeout} = '60s'")
    connection.close()
    with hold_migration_lock(connection, Progress(), print) as lock:
        assert lock.query(f"SHOW {timeout}") == [("0",)]


def test_migration_after_the_lock_was_lost__is_not_begun(empty_database: str) -> None:
    with pytest.raises(CommandError) as error:
        migrate_until("OK", lambda: lose_lock(None, None))
    assert str(error.value) == f"{LOST}Everything shown as OK is done. Run migrate again."
    assert run_sql("SELECT count(*) FROM django_migrations") == [(1,)]


def test_rollback_in_which_the_lock_is_lost__is_rolled_back(few_apps_database: str) -> None:
    body = f"{LOSE}RunPython(migrations.RunPython.noop, lose_lock)]"
    with extra_migration("users", body):
        migrate("users")
        before = dump()
        with pytest.raises(CommandError) as error:
            migrate("users", "0001")
    assert str(error.value) == f"{LOST}Nothing was changed. Run the same command again."
    assert dump() == before


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
def test_index_built_concurrently_while_another_migrate_waits__does_not_wait_for_it(
    few_apps_database: str, isolation: str
) -> None:
    run_sql(f"ALTER DATABASE {few_apps_database} SET default_transaction_isolation = '{isolation}'")
    connection.close()
    waits = Event()
    waiter = Thread(target=wait_for_lock, args=[connection.copy(), waits])

    def begin_to_wait() -> None:
        waiter.start()
        assert waits.wait(PATIENCE)

    with extra_migration("users", INDEX):
        lines = migrate_until("Applying", begin_to_wait, "users")
    waiter.join()
    assert lines[-1] == "  Applying users.0099_extra... OK"


def wait_for_lock(other: Any, waits: Event) -> None:
    """Wait for the lock as another migrate does."""
    other.inc_thread_sharing()
    with hold_migration_lock(other, Progress(), lambda line: waits.set()):
        pass
    other.close()


def test_migrate_with_a_pool_of_one_connection__needs_no_second_one(few_apps_database: str) -> None:
    with pool_of_one():
        assert migrate()[-1] == "  No migrations to apply."


@contextmanager
def pool_of_one() -> Iterator[None]:
    pooled: Any = connection
    connection.close()
    connection.settings_dict["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 1, "timeout": 60}
    connection.settings_dict["CONN_MAX_AGE"] = 0
    try:
        yield
    finally:
        connection.close()
        pooled.close_pool()


def test_migrate_with_autocommit_off__applies(few_apps_database: str) -> None:
    connection.close()
    connection.settings_dict["AUTOCOMMIT"] = False
    with extra_migration("users", "operations = [migrations.RunSQL('CREATE TABLE made ()')]"):
        lines = migrate("users")
    assert lines[3:] == ["  Applying users.0099_extra... OK"]
    connection.rollback()
    assert run_sql("SELECT to_regclass('made')") == [("made",)]
