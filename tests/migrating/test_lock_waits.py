"""Waits of migrate for locks, which are short and repeated, and block others only briefly."""

from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.db import connection
from pytest_django import Settings

from config.migrating import blockers, lock_waits
from tests.migrating.sessions import (
    LOCKS,
    Session,
    migrate_until,
    session,
    wait_until_a_session_waits,
    without_seconds,
)
from tests.support.lab import Lab
from tests.support.migrations import dump, extra_migration, finished, migrate, run_sql

CREATE_TABLE = 'migrations.RunSQL("CREATE TABLE made_before ()", "DROP TABLE made_before")'
ADD_COLUMN = 'migrations.AddField("User", "motto", models.TextField(null=True))'
WRITE_COLUMN = (
    'migrations.RunPython(lambda apps, editor: apps.get_model("users", "User")'
    '.objects.filter(motto="x").update(motto=None), migrations.RunPython.noop)'
)
WHOLE = f"operations = [{CREATE_TABLE}, {ADD_COLUMN}, {WRITE_COLUMN}]"
IN_PARTS = f"atomic = False; operations = [{CREATE_TABLE}, {ADD_COLUMN}]"
LAST_RECORD = "SELECT app, name FROM django_migrations ORDER BY id DESC LIMIT 1"
BEGIN = "BEGIN; SELECT FROM users"


@pytest.fixture
def reader(few_apps_database: str) -> Iterator[Session]:
    """Return a session in a transaction that reads from `users`."""
    with session() as reader:
        reader.execute(BEGIN)
        yield reader


def blocked_by(
    pid: int, query: str = BEGIN, locked: str = "users", subject: str = "users.0099_extra"
) -> str:
    return (
        f"{subject} could not lock {locked} within 0.2 s: "
        f"session {pid} (report, idle in transaction for … s, {query}) is in the way."
    )


def when_it_ends(pid: int) -> str:
    return (
        "Run migrate again when that session has ended, or end it: "
        f"SELECT pg_terminate_backend({pid});"
    )


def test_migration_behind_a_reader__tried_again_until_it_is_applied(reader: Session) -> None:
    pid = reader.info.backend_pid
    with extra_migration("users", WHOLE):
        lines = migrate_until("Trying again", reader.rollback, "users")
    assert lines[2:] == [
        "Running migrations:",
        "  Applying users.0099_extra...",
        f"{blocked_by(pid)} Nothing of users.0099_extra is applied. Trying again in 0.1 s.",
        "Running migrations:",
        "  Applying users.0099_extra... OK",
    ]
    assert run_sql(LAST_RECORD) == [("users", "0099_extra")]


def test_migration_behind_a_reader_that_stays__gives_up_and_changes_nothing(
    reader: Session,
) -> None:
    pid = reader.info.backend_pid
    before = dump()
    with extra_migration("users", WHOLE), pytest.raises(CommandError) as error:
        migrate("users")
    assert without_seconds(str(error.value)) == (
        f"{blocked_by(pid)} Gave up after "
        f"3 attempts. Nothing of users.0099_extra is applied. {when_it_ends(pid)}"
    )
    assert dump() == before


def test_reader_whose_description_arrives_after_the_timeout__is_named(
    reader: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MIGRATE_LOCK_RETRIES = 0
    slow = f"WITH found AS ({blockers.BLOCKERS}) SELECT * FROM found WHERE pg_sleep(0.3)::text = ''"
    monkeypatch.setattr(blockers, "BLOCKERS", slow)
    with extra_migration("users", WHOLE), pytest.raises(CommandError) as error:
        migrate("users")
    assert blocked_by(reader.info.backend_pid) in without_seconds(str(error.value))


def test_migration_behind_a_reader_that_began_during_a_pause__names_that_reader(
    reader: Session,
) -> None:
    late: list[Session] = []

    def replace_reader() -> None:
        if not late:
            late.append(session("late"))
            late[0].execute(BEGIN)
            reader.rollback()

    with extra_migration("users", WHOLE), pytest.raises(CommandError) as error:
        migrate_until("Trying again", replace_reader, "users")
    with late[0] as session_in_the_way:
        reason = blocked_by(session_in_the_way.info.backend_pid).replace("(report", "(late")
    assert f"{reason} Gave up after 3 attempts." in without_seconds(str(error.value))


def test_lock_refused_at_once_after_a_wait_for_a_reader__names_no_session(
    reader: Session, settings: Settings
) -> None:
    settings.MIGRATE_LOCK_RETRIES = 1
    locks = "LOCK TABLE users; LOCK TABLE django_content_type NOWAIT"
    body = f"operations = [migrations.RunSQL({locks!r})]"
    with session("other") as other, extra_migration("users", body):
        other.execute("BEGIN; SELECT FROM django_content_type")
        with pytest.raises(CommandError) as error:
            migrate_until("Trying again", reader.rollback, "users")
    assert str(error.value) == (
        "users.0099_extra could not get a lock within 0.2 s. Gave up after 2 attempts. Nothing of "
        "users.0099_extra is applied. Run migrate again when there is less traffic."
    )


def test_migration_behind_two_readers__names_the_first_and_counts_the_second(
    reader: Session,
) -> None:
    with session("other") as other, extra_migration("users", WHOLE):
        other.execute("BEGIN; SELECT FROM users")
        with pytest.raises(CommandError) as error:
            migrate("users")
    reason = blocked_by(reader.info.backend_pid).replace("is in", "and 1 more are in")
    assert f"{reason} Gave up" in without_seconds(str(error.value))


def test_reader_in_a_database_that_escapes_backslashes__shown_with_its_statement(
    few_apps_database: str, reader: Session, settings: Settings
) -> None:
    settings.MIGRATE_LOCK_RETRIES = 0
    run_sql(f"ALTER DATABASE {few_apps_database} SET standard_conforming_strings = off")
    connection.close()
    with extra_migration("users", WHOLE), pytest.raises(CommandError) as error:
        migrate("users")
    assert blocked_by(reader.info.backend_pid) in without_seconds(str(error.value))


def test_session_that_queues_behind_the_migration__gets_its_lock_first(
    reader: Session, settings: Settings
) -> None:
    settings.MIGRATE_LOCK_RETRIES = 1_000
    with session("visitor") as visitor, session("watcher") as watcher:

        def visit() -> None:
            wait_until_a_session_waits(watcher)
            visitor.execute("SELECT FROM users")

        visit_during_migrate = Thread(target=visit)

        def end_after_the_visit() -> None:
            if not visit_during_migrate.is_alive():
                reader.rollback()

        visitor.execute("SET statement_timeout = '120s'")
        visit_during_migrate.start()
        with extra_migration("users", WHOLE):
            lines = migrate_until("Trying again", end_after_the_visit, "users")
        assert finished(lines) == ["users.0099_extra"]


def test_migration_that_pauses__holds_no_locks(reader: Session) -> None:
    of_others = "relation = 'users'::regclass AND pg_locks.pid <> ALL (%s)"
    held = f"SELECT count(*) FROM {LOCKS} WHERE {of_others}"
    found: list[object] = []
    with session("watcher") as watcher, extra_migration("users", WHOLE):
        pids = [reader.info.backend_pid, watcher.info.backend_pid]

        def look() -> None:
            found.extend(watcher.execute(held.encode(), [pids]).fetchall())

        with pytest.raises(CommandError, match="Gave up"):
            migrate_until("Trying again", look, "users")
    assert found == [(0,), (0,)]


def test_rollback_behind_a_reader__tried_again_as_a_whole(reader: Session) -> None:
    pid = reader.info.backend_pid
    with extra_migration("users", WHOLE):
        reader.rollback()
        migrate("users")
        reader.execute(BEGIN)
        lines = migrate_until("Trying again", reader.rollback, "users", "0001")
    assert lines[4:] == [
        "  Unapplying users.0099_extra...",
        f"{blocked_by(pid)} Nothing was changed. Trying again in 0.1 s.",
        "Running migrations:",
        "  Rendering model states... DONE",
        "  Unapplying users.0099_extra... OK",
    ]
    assert run_sql("SELECT to_regclass('made_before')") == [(None,)]


def test_model_rename_undone_behind_a_reader__gets_its_old_name(lab: Lab) -> None:
    """RenameModel swaps its names while it is undone, and leaves them swapped after an error."""
    lab.write_models("""
        class Note(models.Model):
            reply_to = models.ForeignKey("self", models.CASCADE, null=True)
    """)
    lab.migrate()
    before = dump("--schema-only")
    lab.write_migration("0002_x", "migrations.RenameModel('Note', 'Notice'),")
    migrate("lab")
    with session() as reader:
        reader.execute("BEGIN; SELECT FROM lab_notice")
        migrate_until("Trying again", reader.rollback, "lab", "0001")
    assert dump("--schema-only") == before


def test_statement_of_migration_that_is_not_atomic__is_tried_again_alone(reader: Session) -> None:
    pid = reader.info.backend_pid
    with extra_migration("users", IN_PARTS):
        lines = migrate_until("Trying again", reader.rollback, "users")
    assert lines[3:] == [
        "  Applying users.0099_extra...",
        f"{blocked_by(pid)} "
        "users.0099_extra is not atomic: a part of it may have been done. Trying again in 0.1 s.",
        " OK",
    ]


def test_migration_that_is_not_atomic_and_gives_up__says_what_may_be_left(reader: Session) -> None:
    pid = reader.info.backend_pid
    with extra_migration("users", IN_PARTS), pytest.raises(CommandError) as error:
        migrate("users")
    assert without_seconds(str(error.value)) == (
        f"{blocked_by(pid)} Gave up after "
        "3 attempts. users.0099_extra is not atomic: a part of it may have been done. "
        f"{when_it_ends(pid)}"
    )


def test_atomic_operation_of_a_migration_that_is_not_atomic__is_not_tried_again(
    reader: Session,
) -> None:
    pid = reader.info.backend_pid
    lock = "migrations.RunPython(lambda apps, editor: editor.execute('LOCK users'), atomic=True)"
    body = f"atomic = False; operations = [{CREATE_TABLE}, {lock}]"
    with extra_migration("users", body), pytest.raises(CommandError) as error:
        migrate("users")
    assert without_seconds(str(error.value)) == (
        f"{blocked_by(pid)} Gave up after "
        "1 attempt. users.0099_extra is not atomic: a part of it may have been done. "
        f"{when_it_ends(pid)}"
    )


def test_record_of_migration_behind_a_lock__tried_again_with_the_migration(
    few_apps_database: str,
) -> None:
    # Django defers the SQL of an index, commits it, and only then records the migration.
    add_index = 'migrations.AddField("User", "nick", models.TextField(null=True, db_index=True))'
    with session() as holder, extra_migration("users", f"operations = [{add_index}]"):
        pid = holder.info.backend_pid
        holder.execute("BEGIN; LOCK django_migrations IN SHARE MODE")
        lines = migrate_until("Trying again", holder.rollback, "users")
    assert lines[4:] == [
        f"{blocked_by(pid, 'BEGIN; LOCK django_migrations IN SHARE MODE', 'django_migrations')} "
        "Nothing of users.0099_extra is applied. Trying again in 0.1 s.",
        "Running migrations:",
        "  Applying users.0099_extra... OK",
    ]


def test_content_types_behind_a_lock__created_after_its_release(few_apps_database: str) -> None:
    model = 'migrations.CreateModel("Pet", [("id", models.AutoField(primary_key=True))])'
    with session() as holder, extra_migration("users", f"operations = [{model}]"):
        pid, lock = holder.info.backend_pid, "BEGIN; LOCK django_content_type IN SHARE MODE"
        holder.execute(lock.encode())
        lines = migrate_until("Trying again", holder.rollback, "users")
    assert lines[4:] == [
        f"{blocked_by(pid, lock, 'django_content_type', 'migrate')} "
        "Everything shown as OK is done. Trying again in 0.1 s.",
    ]
    assert run_sql("SELECT count(*) FROM django_content_type WHERE model = 'pet'") == [(1,)]


def test_migration_in_a_deadlock__tried_again(few_apps_database: str, settings: Settings) -> None:
    settings.MIGRATE_LOCK_TIMEOUT = 20
    run_sql(f"ALTER DATABASE {few_apps_database} SET deadlock_timeout = '100ms'")
    connection.close()
    locks = (
        "operations = [migrations.RunSQL('LOCK users'), migrations.RunSQL('LOCK user_profiles')]"
    )
    with session() as other, session("watcher") as watcher, extra_migration("users", locks):
        other.execute("SET deadlock_timeout = '120s'")
        other.execute("BEGIN; LOCK user_profiles")
        meeting = Thread(target=other.execute, args=["LOCK users"])

        def meet(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
            """Let migrate close the circle: PostgreSQL looks for one only once in a wait."""
            if sql == "LOCK user_profiles" and not meeting.ident:
                meeting.start()
                wait_until_a_session_waits(watcher)
            return execute(sql, *rest)

        with connection.execute_wrapper(meet):
            lines = migrate_until("Trying again", other.rollback, "users")
        meeting.join()
    assert lines[3:] == [
        "  Applying users.0099_extra...",
        "users.0099_extra was in a deadlock with other sessions. "
        "Nothing of users.0099_extra is applied. Trying again in 0.1 s.",
        "Running migrations:",
        "  Applying users.0099_extra... OK",
    ]


@pytest.mark.parametrize(("seconds", "shown"), [(0.2, "200ms"), (7, "7s"), (0, "0")])
@pytest.mark.parametrize("atomic", [True, False])
def test_statement_of_migration__has_the_lock_timeout_of_the_settings(
    few_apps_database: str, settings: Settings, seconds: float, shown: str, atomic: bool
) -> None:
    settings.MIGRATE_LOCK_TIMEOUT = seconds
    show = "CREATE TABLE seen AS SELECT current_setting($$lock_timeout$$)"
    body = f"atomic = {atomic}; operations = [migrations.RunSQL('{show}')]"
    with extra_migration("users", body):
        migrate("users")
    assert run_sql("SELECT * FROM seen") == [(shown,)]
    assert run_sql("SHOW lock_timeout") == [("0",)]


PARAMETERS = {
    "client_connection_check_interval": "2s",  # the server notices if migrate is killed
    "citus.multi_shard_modify_mode": "sequential",
}


def test_transaction_of_migration__has_the_parameters_that_it_needs(few_apps_database: str) -> None:
    run_sql("SET citus.multi_shard_modify_mode = parallel")  # the default of Citus
    values = ", ".join(f"current_setting($${name}$$)" for name in PARAMETERS)
    show = f"CREATE TABLE seen AS SELECT ARRAY[{values}]"
    with extra_migration("users", f"operations = [migrations.RunSQL('{show}')]"):
        migrate("users")
    run_sql("RESET citus.multi_shard_modify_mode")
    assert run_sql("SELECT * FROM seen") == [(list(PARAMETERS.values()),)]


def test_pause_after_thousands_of_attempts__is_the_longest() -> None:
    assert lock_waits.pause_after(2000) == lock_waits.LONGEST_PAUSE
    assert lock_waits.pause_after(2) == 2 * lock_waits.FIRST_PAUSE
