"""Runs of rollback --restore that are interrupted or fail, and change nothing."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError
from django.db import connection, connections
from pytest_django import Settings

from config.dumps import client_programs
from config.rollback import restoration
from config.rollback.backup import Backup
from config.rollback.replacement import check_restored
from tests.rollback.helpers import GO_ON, contents, refusal, rollback, rollback_until, session
from tests.support.databases import known_database
from tests.support.few_apps import MANAGE_FEW_APPS
from tests.support.migrations import run_sql
from tests.support.processes import PATIENCE, PROJECT, PYTHON, environment, eventually

WAITING = """
    SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE datname = current_database()
"""
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
MESSAGE = (
    "manage.py rollback: interrupted. Nothing was changed. Run rollback --restore again to "
    "continue.\n"
)


def test_restore_of_a_table_in_use__named_and_nothing_changed(backup: Backup) -> None:
    before = contents()
    with session() as other:
        other.execute("SELECT FROM user_profiles")
        with pytest.raises(CommandError) as error:
            rollback("--restore", backup.path, *GO_ON)
        pid = other.info.backend_pid
    assert re.sub(r" for \d+ s", " for … s", str(error.value)) == (
        f"rollback --restore could not lock user_profiles within 0.2 s: session {pid} (idle in "
        "transaction for … s, SELECT FROM user_profiles) is in the way. Gave up after 1 attempt. "
        "Nothing was changed. Run rollback --restore again when that session has ended, or end "
        f"it: SELECT pg_terminate_backend({pid});"
    )
    assert contents() == before


def test_restore_of_a_table_in_use__waited_for(backup: Backup, settings: Settings) -> None:
    settings.MIGRATE_LOCK_RETRIES = 1
    before = contents()
    with session() as other:
        other.execute("DELETE FROM user_profiles")
        other.execute("DELETE FROM users WHERE NOT EXISTS (TABLE user_profiles)")
        lines = rollback_until("Trying again", other.commit, "--restore", backup.path, *GO_ON)
    assert lines[-1] == f"Restored 7 tables and 1 enum type from {backup.path}."
    assert contents() == before


@pytest.fixture
def before_commit(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Return a function that sets a reaction to run before the restoration is committed."""

    def set_reaction(reaction: Callable[[], None]) -> None:
        def check(*args: Any) -> None:
            check_restored(*args)
            reaction()

        monkeypatch.setattr(restoration, "check_restored", check)

    return set_reaction


def end_session() -> None:
    pid = connection.connection.info.backend_pid
    with session() as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])


def test_restore_whose_session_ends__nothing_changed(
    backup: Backup, before_commit: Callable[[Callable[[], None]], None]
) -> None:
    before_commit(end_session)
    assert refusal("--restore", backup.path, *GO_ON) == (
        f"{backup.path} was not restored: terminating connection due to administrator command. "
        "Nothing was changed. Correct this, and run rollback --restore again."
    )


def test_restore_interrupted__nothing_changed(
    backup: Backup, before_commit: Callable[[Callable[[], None]], None]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    before = contents()
    before_commit(interrupt)
    with pytest.raises(KeyboardInterrupt) as interruption:
        rollback("--restore", backup.path, *GO_ON)
    assert str(interruption.value) == (
        "interrupted. Nothing was changed. Run rollback --restore again to continue."
    )
    assert contents() == before


SET = "SELECT name, setting FROM pg_settings WHERE setting <> reset_val ORDER BY 1"


def test_restore__leaves_no_setting_in_the_session(
    backup: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a pooler, another client gets the same session next."""
    before = run_sql(SET)
    with monkeypatch.context() as patched:
        patched.setattr(connections["default"], "close", lambda: None)
        rollback("--restore", backup.path, *GO_ON)
        after = run_sql(SET)
    assert after == before


# A process that is ended


@pytest.mark.parametrize(
    ("number", "status", "message"),
    [
        (signal.SIGINT, 130, MESSAGE),
        (signal.SIGHUP, 143, MESSAGE),
        (signal.SIGKILL, -9, ""),
    ],
)
def test_restore_ended_by_a_signal__nothing_changed_and_no_process_left(
    backup: Backup, number: signal.Signals, status: int, message: str
) -> None:
    before = contents()
    with known_database(connection.settings_dict["NAME"]) as known, session() as other:
        variables = environment(DATABASE_URL=known.url, MIGRATE_LOCK_TIMEOUT=PATIENCE)
        other.execute("SELECT FROM user_profiles")
        with subprocess.Popen(
            [*PYTHON, "-c", MANAGE_FEW_APPS, "rollback", "--restore", str(backup.path), *GO_ON],
            cwd=PROJECT,
            env=variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert eventually(lambda: (True,) in known.query(WAITING))
            process.send_signal(number)
            _, stderr = process.communicate()
        assert (process.returncode, stderr) == (status, message)
    assert eventually(lambda: run_sql(SESSIONS) == [(1,)])
    assert contents() == before


# A backup that is incomplete


def test_file_that_is_cut_off__nothing_changed(backup: Backup, tmp_path: Path) -> None:
    path = tmp_path / "cut.dump"
    path.write_bytes(backup.path.read_bytes()[:-100])
    assert refusal("--restore", path, *GO_ON) == (
        f"{path} was not restored: could not read from input file: end of file. Nothing was "
        "changed. Correct this, and run rollback --restore again."
    )


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file that cannot be read")
def test_file_that_cannot_be_read__refused(backup: Backup) -> None:
    assert refusal("--restore", "/proc/self/mem") == (
        "/proc/self/mem cannot be restored: Input/output error. Nothing was changed."
    )


def test_backup_with_the_list_of_another_file__refused(backup: Backup, tmp_path: Path) -> None:
    path = tmp_path / "x.dump"
    path.write_bytes(backup.path.read_bytes())
    path.with_suffix(".list").write_text("99999; table other\n")
    assert refusal("--restore", path) == (
        f"{path} cannot be restored: x.list is the list of another file. Nothing was changed."
    )


def test_file_without_its_list__everything_in_it_restored(backup: Backup, tmp_path: Path) -> None:
    before = contents()
    (path := tmp_path / "x.dump").write_bytes(backup.path.read_bytes())
    run_sql("DELETE FROM user_profiles")
    rollback("--restore", path, *GO_ON)
    assert contents() == before


def test_objects_that_are_missing_after_the_restore__nothing_changed(
    backup: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoration, "create_parts", drop_users)
    assert refusal("--restore", backup.path, *GO_ON) == (
        f"{backup.path} was not restored: the database still lacked table public.users. "
        "Nothing was changed. Correct this, and run rollback --restore again."
    )


def drop_users(session: psycopg.Connection[Any], *args: object) -> None:
    session.execute("DROP TABLE public.users")


def test_pg_restore_missing__refused(backup: Backup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_programs, "_directories", lambda: iter(()))
    [(version,)] = run_sql("SELECT current_setting('server_version_num')::int / 10000")
    assert refusal("--restore", backup.path, *GO_ON) == (
        f"No backup can be restored: the server runs PostgreSQL {version}, whose pg_restore is not "
        f"installed. Nothing was changed. Install PostgreSQL {version}'s client programs (Debian: "
        f"postgresql-client-{version})."
    )


# An event trigger gives each new table a trigger that discards inserted rows.
KEEPS_ROWS_OUT = """
    CREATE SCHEMA theirs;
    CREATE FUNCTION theirs.quiet() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE FUNCTION theirs.guard() RETURNS event_trigger LANGUAGE plpgsql AS $$
    DECLARE command record;
    BEGIN
        FOR command IN SELECT * FROM pg_event_trigger_ddl_commands()
                        WHERE object_identity = 'public.user_profiles'
        LOOP
            EXECUTE format('CREATE TRIGGER quiet BEFORE INSERT ON %s FOR EACH ROW'
                           ' EXECUTE FUNCTION theirs.quiet()', command.object_identity);
        END LOOP;
    END $$;
    CREATE EVENT TRIGGER guard ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
        EXECUTE FUNCTION theirs.guard();
"""


def test_rows_that_are_not_all_copied__nothing_changed(backup: Backup) -> None:
    run_sql(KEEPS_ROWS_OUT)
    try:
        reason = refusal("--restore", backup.path, *GO_ON)
    finally:
        run_sql("DROP EVENT TRIGGER guard; DROP SCHEMA theirs CASCADE")
    assert re.fullmatch(
        rf"{backup.path} was not restored: only 0 of \d+ rows were copied: COPY public\.\w+ \(.*\) "
        r"FROM stdin;\. Nothing was changed\. Correct this, and run rollback --restore again\.",
        reason,
    )
