"""The rows and the short waits of other sessions during a rollback."""

import re
import time
from contextlib import suppress
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db import connection
from psycopg import errors
from pytest_django import Settings

from config.migrating.migration_lock import KEY
from tests.rollback.helpers import GO_ON, contents, rollback, rollback_until, session
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql

PLAN, BACKUP, PAUSE = "This destroys", "Backup: ", "Trying again"
"""The lines that rollback prints after the plan, after the backup, and before a pause."""
READ, WRITE = "SELECT FROM user_profiles", "UPDATE user_profiles SET bio = bio"


def write() -> None:
    """Change a row in another session. Fail if the table is locked."""
    with session() as other:
        other.execute("SET lock_timeout = 100")
        other.execute(WRITE.encode())


# From the plan to the commit


def test_write_during_the_backup__waits_and_a_read_does_not(accounts_copy: str) -> None:
    bios = []

    def try_to_write_and_read() -> None:
        with pytest.raises(errors.LockNotAvailable):
            write()
        with session() as other:
            bios.extend(other.execute("SELECT bio FROM user_profiles").fetchall())

    rollback_until(BACKUP, try_to_write_and_read, "users", *GO_ON)
    assert len(bios) == 3
    assert run_sql("SELECT to_regclass('users')") == [(None,)]


TRUNCATE = "migrations.RunSQL('SELECT 1', 'TRUNCATE legacy'),"
FIELDS = """
    migrations.AddField('Item', 'size', models.IntegerField(null=True)),
    migrations.AlterField('Item', 'price', models.FloatField()),
"""
WRITES = {
    "truncated table that was empty": "INSERT INTO legacy VALUES (1)",
    "converted column": "INSERT INTO item (price) VALUES (1.25)",
    "inherited column that is dropped": "INSERT INTO child (id, price, size) VALUES (1, 1, 1)",
}


def test_rows_that_a_rollback_would_lose__not_written_during_the_backup(lab: Lab) -> None:
    lab.write_models("""
        class Item(models.Model):
            price = models.DecimalField(max_digits=5, decimal_places=1)
            class Meta:
                db_table = "item"
    """)
    lab.make_migrations()
    lab.write_migration("0002_x", FIELDS + TRUNCATE)
    run_sql("CREATE TABLE legacy (id int)")
    migrate("lab")
    run_sql("CREATE TABLE child () INHERITS (item)")
    written = []

    def try_to_write() -> None:
        for what, statement in WRITES.items():
            with session() as other:
                other.execute("SET lock_timeout = 100")
                with suppress(errors.LockNotAvailable):
                    other.execute(statement.encode())
                    written.append(what)

    lines = rollback_until(BACKUP, try_to_write, "--to", "lab.0001", *GO_ON)
    assert written == []
    [path] = [Path(line.split()[1]) for line in lines if line.startswith(BACKUP)]
    assert "; table public.legacy\n" in path.with_suffix(".list").read_text()


def test_rows_deleted_after_the_plan__not_in_the_final_counts(accounts_copy: str) -> None:
    def delete() -> None:
        with session() as other:
            other.execute("DELETE FROM user_profiles")

    lines = rollback_until(PLAN, delete, "users", *GO_ON, "--no-backup")
    assert any(line.startswith("  6 rows in 2 tables, ") for line in lines)
    assert lines[-1].endswith(" and 1 migration record, with 3 rows.")


def test_migration_applied_after_the_plan__refused(accounts_copy: str) -> None:
    def migrate() -> None:
        with session() as other:
            other.execute("INSERT INTO django_migrations VALUES (99, 'billing', '0001', now())")

    with pytest.raises(CommandError) as error:
        rollback_until(PLAN, migrate, "users", *GO_ON)
    assert str(error.value) == (
        "Another process has migrated since the plan was made. Nothing was changed. Run rollback "
        "again, and read the new plan."
    )


def test_running_migrate__waited_for(small_unchanged: str, settings: Settings) -> None:
    settings.MIGRATE_WAIT = 0
    before = contents()
    with session() as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [KEY])
        with pytest.raises(CommandError) as error:
            rollback("users", *GO_ON)
    assert str(error.value).startswith("Waited 0 seconds for session ")
    assert contents() == before


# A session that holds a lock


@pytest.mark.parametrize("statement", [WRITE, READ], ids=["writer", "reader"])
def test_session_that_holds_a_lock__named_and_nothing_changed(
    small_unchanged: str, backups: Path, statement: str
) -> None:
    before = contents()
    with session() as other:
        other.execute("SET application_name = 'report'")
        other.execute(statement.encode())
        with pytest.raises(CommandError) as error:
            rollback("users", *GO_ON)
        pid = other.info.backend_pid
    assert re.sub(r" for \d+ s", " for … s", str(error.value)) == (
        f"rollback could not lock user_profiles within 0.2 s: session {pid} (report, idle in "
        f"transaction for … s, {statement}) is in the way. Gave up after 1 attempt. Nothing was "
        "changed. Run rollback again when that session has ended, or end it: "
        f"SELECT pg_terminate_backend({pid});"
    )
    assert contents() == before
    assert not backups.exists()


@pytest.mark.parametrize("statement", [WRITE, READ], ids=["writer", "reader"])
def test_session_that_releases_its_lock_in_a_pause__waited_for(
    accounts_copy: str, settings: Settings, statement: str
) -> None:
    settings.MIGRATE_LOCK_RETRIES = 1
    with session() as other:
        other.execute(statement.encode())
        lines = rollback_until(PAUSE, other.rollback, "users", *GO_ON, "--no-backup")
    assert lines[-1].startswith("Rolled back users.")


RENAME = "migrations.RenameModel('Note', 'Notice')"


def test_model_rename_undone_after_a_pause__gets_its_old_name(lab: Lab, settings: Settings) -> None:
    """RenameModel is within another operation. The tests of `migrate` run RenameModel alone."""
    lab.write_models("""
        class Note(models.Model):
            reply_to = models.ForeignKey("self", models.CASCADE, null=True)
    """)
    lab.make_migrations()
    lab.write_migration("0002_x", f"migrations.SeparateDatabaseAndState([{RENAME}], [{RENAME}]),")
    migrate("lab")
    settings.MIGRATE_LOCK_RETRIES = 1
    with session() as other:
        other.execute("SELECT FROM lab_notice")
        rollback_until(PAUSE, other.rollback, "--to", "lab.0001", *GO_ON, "--no-backup")
    assert run_sql("SELECT to_regclass('lab_note') IS NOT NULL") == [(True,)]


def test_row_written_in_a_pause__does_not_wait(small_unchanged: str, settings: Settings) -> None:
    settings.MIGRATE_LOCK_RETRIES = 1
    with session() as other:
        other.execute(READ.encode())
        with pytest.raises(CommandError, match="Gave up"):
            rollback_until(PAUSE, write, "users", *GO_ON, "--no-backup")


def test_pauses__capped_and_short_in_total(
    small_unchanged: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MIGRATE_LOCK_TIMEOUT, settings.MIGRATE_LOCK_RETRIES = 0.02, 10
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    with session() as other:
        other.execute(WRITE.encode())
        with pytest.raises(CommandError):
            rollback("users", *GO_ON, "--no-backup")
    assert len(pauses) == 10
    assert max(pauses) <= 30
    assert sum(pauses) <= 180


def test_read_begun_during_the_backup__backup_is_repeated(
    accounts_copy: str, settings: Settings, backups: Path
) -> None:
    settings.MIGRATE_LOCK_RETRIES = 1
    with session() as other:
        statements = iter([READ, "ROLLBACK", "SELECT 1"])
        words, react = f"{BACKUP}|{PAUSE}", lambda: other.execute(next(statements).encode())
        lines = rollback_until(words, react, "users", *GO_ON)
    assert len([line for line in lines if line.startswith(BACKUP)]) == 2
    assert len([*backups.glob("*.dump")]) == 1
    assert lines[-6].startswith("Rolled back users.")


# A rollback that is cut short


def test_server_that_ends_the_session_during_the_backup__nothing_changed(
    small_unchanged: str,
) -> None:
    before = contents()

    def end() -> None:
        with session() as other:
            other.autocommit = True
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    with pytest.raises(
        CommandError, match=r"Nothing was changed\. Run rollback again to continue\.$"
    ):
        rollback_until(BACKUP, end, "users", *GO_ON)
    connection.close()
    assert contents() == before


def test_rollback_in_a_database_with_a_timeout__has_no_time_limit_during_the_backup(
    accounts_copy: str,
) -> None:
    timeout, seen = "idle_in_transaction_session_timeout", []
    run_sql(f'ALTER DATABASE "{accounts_copy}" SET {timeout} = 60000')
    connection.close()
    rollback_until(BACKUP, lambda: seen.extend(run_sql(f"SHOW {timeout}")), "users", *GO_ON)
    assert seen == [("0",)]


def test_ctrl_c_during_the_backup__nothing_changed(small_unchanged: str) -> None:
    before = contents()

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as interruption:
        rollback_until(BACKUP, interrupt, "users", *GO_ON)
    assert str(interruption.value) == (
        "interrupted. Nothing was changed. Run rollback again to continue."
    )
    assert contents() == before
