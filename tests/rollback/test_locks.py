"""Others at work meanwhile: nothing that they write is lost, and nobody waits for long."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db import OperationalError, connection, transaction
from psycopg import errors
from pytest_django import Settings

from config.migrating.migration_lock import KEY
from config.rollback import backup as module
from config.rollback import run as runner
from config.rollback.locks import STOP_ALL, lock_tables
from tests.rollback.helpers import GO_ON, contents, rollback, session
from tests.support.migrations import run_sql


def during_backup(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Do something just before pg_dump starts."""
    write_backup = module.write_backup

    def wrapped(*args: object) -> module.Backup:
        action()
        return write_backup(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "write_backup", wrapped)


def test_row_written_during_the_backup__waits(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write() -> None:
        with session() as other:
            other.execute("SET lock_timeout = 100")
            with pytest.raises(errors.LockNotAvailable):
                other.execute("UPDATE payments SET amount = 1")

    during_backup(monkeypatch, write)
    rollback("payments", *GO_ON)
    assert run_sql("SELECT to_regclass('payments')") == [(None,)]


def test_row_read_during_the_backup__does_not_wait(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    amounts = []

    def read() -> None:
        with session() as other:
            amounts.extend(other.execute("SELECT amount FROM payments").fetchall())

    during_backup(monkeypatch, read)
    rollback("payments", *GO_ON)
    assert len(amounts) == 11


def test_row_written_after_the_plan__in_the_final_figures(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_first(*args: object) -> None:
        with session() as other:
            other.execute("DELETE FROM subscriptions")
        lock_tables(*args)  # type: ignore[arg-type]
        monkeypatch.setattr(runner, "lock_tables", lock_tables)

    monkeypatch.setattr(runner, "lock_tables", write_first)
    lines = rollback("payments", *GO_ON, "--no-backup")
    assert "  20 rows in 3 tables, 288 kB with indexes" in lines
    assert lines[-1].endswith(" and 2 migration records, with 15 rows.")


def test_migration_applied_after_the_plan__refused(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def migrate_first(*args: object) -> None:
        with session() as other:
            other.execute("INSERT INTO django_migrations VALUES (99, 'billing', '0001', now())")
        lock_tables(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(runner, "lock_tables", migrate_first)
    with pytest.raises(CommandError) as error:
        rollback("payments", *GO_ON)
    assert str(error.value) == (
        "Somebody has migrated since the plan was made. Nothing was changed. Run rollback again, "
        "and look at the new plan."
    )


def test_migrate_at_work__waited_for(database: str, settings: Settings) -> None:
    settings.MIGRATE_WAIT = 0
    before = contents()
    with session() as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [KEY])
        with pytest.raises(CommandError) as error:
            rollback("payments", *GO_ON)
    assert str(error.value).startswith("Waited 0 seconds for session ")
    assert contents() == before


@pytest.mark.parametrize(
    ("statement", "table"),
    [("UPDATE payments SET amount = amount", "payments"), ("SELECT FROM payments", "payments")],
    ids=["writer", "reader"],
)
def test_session_that_holds_a_lock__named_and_nothing_changed(
    database: str, statement: str, table: str
) -> None:
    before = contents()
    with session() as other:
        other.execute("SET application_name = 'report'")
        other.execute(statement.encode())
        [(since, role)] = other.execute(
            "SELECT to_char(xact_start AT TIME ZONE 'UTC', 'HH24:MI:SS'), usename"
            "  FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        ).fetchall()
        with pytest.raises(CommandError) as error:
            rollback("payments", *GO_ON, "--no-backup")
        pid = other.info.backend_pid
    assert str(error.value) == (
        f"The tables could not be locked: {table} is used by session {pid} (report) of {role} "
        f"since {since} UTC. Nothing was changed. Try again when that is over."
    )
    assert contents() == before


def test_session_that_lets_go_in_time__waited_for(database: str, settings: Settings) -> None:
    settings.MIGRATE_LOCK_RETRIES = 1
    other = session()
    other.execute("UPDATE payments SET amount = amount")
    messages = []

    def say(message: str) -> None:
        messages.append(message)
        other.close()

    with transaction.atomic():
        lock_tables(connection, ["payments"], STOP_ALL, say)
    [message] = messages
    assert message.endswith(" UTC. Trying again in 0.5 s.")


def test_server_that_ends_the_session_during_the_backup__nothing_changed(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents()

    def end() -> None:
        with session() as other:
            other.autocommit = True
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    during_backup(monkeypatch, end)
    with pytest.raises(OperationalError):
        rollback("payments", *GO_ON)
    connection.close()
    assert contents() == before


def test_ctrl_c_during_the_backup__nothing_changed(
    database: str, monkeypatch: pytest.MonkeyPatch, backups: Path
) -> None:
    before = contents()

    def interrupt() -> None:
        raise KeyboardInterrupt

    during_backup(monkeypatch, interrupt)
    with pytest.raises(KeyboardInterrupt) as interruption:
        rollback("payments", *GO_ON)
    assert str(interruption.value) == "interrupted. Nothing was changed."
    assert contents() == before
