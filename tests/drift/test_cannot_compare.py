"""Exit status 2 and one line that says why, and never a pass when in doubt."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from config.drift import comparison
from config.drift.management.commands import verify_schema as verify_schema_command
from tests.drift.command import Run, verify_schema
from tests.support.databases import Database, new_role

SEE_LEDGER = "GRANT SELECT ON django_migrations TO {role}"


def could_not(reason: str) -> Run:
    return Run(2, "", reason)


def test_verify_schema_of_unknown_app__status_2() -> None:
    assert verify_schema("course") == could_not(
        "There is no app 'course' that has tables. There are: admin, analytics, assessments, auth, "
        "communication, contenttypes, courses, enrollments, migrations, notifications, payments, "
        "sessions, users."
    )


def test_verify_schema_of_unknown_database__status_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "settings", {"default": {}, "replica": {}})
    assert verify_schema("--database", "replcia") == could_not(
        "There is no database 'replcia'. There are: default, replica."
    )


def test_verify_schema_in_unknown_format__status_2() -> None:
    assert verify_schema("--format", "yaml") == could_not(
        "There is no format 'yaml'. There are: text, json, github."
    )


@pytest.mark.parametrize("contradiction", [["courses"], ["--expect", "other.txt"]])
def test_verify_schema_snapshot_of_something_else__status_2(
    contradiction: list[str], tmp_path: Path
) -> None:
    assert verify_schema("--snapshot", tmp_path / "schema.txt", *contradiction) == could_not(
        "A snapshot is of all apps, and of what the models say."
    )


def test_verify_schema_with_and_without_color__status_2() -> None:
    assert verify_schema("--no-color", "--force-color") == could_not(
        "The --no-color and --force-color options can't be used together."
    )


def test_verify_schema_of_other_engine__status_2(monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    monkeypatch.setitem(connections.settings, "sqlite", connections.settings["default"] | sqlite)
    assert verify_schema("--database", "sqlite") == could_not(
        "Database 'sqlite' has the engine 'django.db.backends.sqlite3'; "
        "only config.postgres.backend knows how to make this schema."
    )


def test_verify_schema_without_server__status_2(
    monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> None:
    gone = {"ENGINE": "config.postgres.backend", "NAME": "x", "HOST": "127.0.0.1", "PORT": 1}
    monkeypatch.setitem(connections.settings, "gone", connections.settings["default"] | gone)
    with django_db_blocker.unblock():
        assert verify_schema("--database", "gone") == could_not(
            'connection to server at "127.0.0.1", port 1 failed: Connection refused. '
            "Start the server, or correct the host and the port in DATABASE_URL."
        )


@pytest.mark.parametrize("query", ["pg_attribute", "CREATE TABLE", "django_migrations"])
def test_verify_schema_when_connection_drops__status_2(shared_clone: Database, query: str) -> None:
    def terminate_at_query(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        if query in sql:
            pid = shared_clone.connection.connection.info.backend_pid
            shared_clone.execute(f"SELECT pg_terminate_backend({pid}, 5000)")
        return execute(sql, *arguments)

    with shared_clone.connection.execute_wrapper(terminate_at_query):
        assert shared_clone.verify() == could_not(
            "terminating connection due to administrator command. "
            "Try again, or look into the server's log."
        )


def test_verify_schema_by_role_without_temp__status_2(clone: Database) -> None:
    clone.execute(f'REVOKE TEMPORARY ON DATABASE "{clone.name}" FROM PUBLIC')
    with new_role(clone, SEE_LEDGER) as role, clone.options(assume_role=role):
        assert clone.verify() == could_not(
            f"Role {role} may not make temporary tables. GRANT TEMPORARY ON DATABASE {clone.name} "
            f"TO {role}, or compare with a snapshot: --expect FILE."
        )


def test_verify_schema_by_role_that_cannot_read_ledger__status_2(shared_clone: Database) -> None:
    with new_role(shared_clone) as role, shared_clone.options(assume_role=role):
        assert shared_clone.verify() == could_not(
            f"Role {role} may not read the migrations' ledger. "
            f"GRANT SELECT ON django_migrations TO {role}."
        )


def test_verify_schema_by_role_that_cannot_see_schema__status_2(clone: Database) -> None:
    clone.execute("REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    with new_role(clone, SEE_LEDGER) as role, clone.options(assume_role=role):
        assert clone.verify() == could_not(
            f"Role {role} may not look into schema public, where the migrations' ledger is. "
            f"GRANT USAGE ON SCHEMA public TO {role}."
        )


def test_verify_schema_in_read_only_transactions__status_2(shared_clone: Database) -> None:
    with shared_clone.options(options="-c default_transaction_read_only=on"):
        role = shared_clone.query("SELECT current_user")[0][0]
        assert shared_clone.verify() == could_not(
            f"Role {role} has read-only transactions here, in which no temporary table can be "
            "made. Verify as another role, or compare with a snapshot: --expect FILE."
        )


def test_verify_schema_without_schema__status_2(shared_clone: Database) -> None:
    with shared_clone.options(options="-c search_path=nowhere"):
        assert shared_clone.verify() == could_not("No schema of the role's search_path exists.")


SOMEBODY_ELSE = "Somebody is changing the schema and has not committed yet. Try again after that."


@pytest.mark.parametrize("table", ["courses", "django_migrations"])
def test_verify_schema_during_uncommitted_ddl__status_2_after_lock_timeout(
    shared_clone: Database, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "LOCK_TIMEOUT", 200)
    with shared_clone.session() as somebody:
        somebody.execute(f"BEGIN; ALTER TABLE {table} ADD COLUMN new integer DEFAULT 0")
        assert shared_clone.verify() == could_not(SOMEBODY_ELSE)


def test_verify_schema_while_catalog_is_locked__status_2_after_lock_timeout(
    shared_clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "LOCK_TIMEOUT", 200)
    # The lock may stop new connections, too, so verify_schema uses one that is there already.
    with shared_clone.changed(), shared_clone.session() as somebody:
        somebody.execute("BEGIN; LOCK TABLE pg_rewrite")
        assert shared_clone.verify() == could_not(SOMEBODY_ELSE)


def test_verify_schema_while_nobody_is_let_in__status_2_after_connect_timeout(
    shared_clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_schema_command, "CONNECT_TIMEOUT", 2)
    with shared_clone.session() as somebody:
        somebody.execute("BEGIN; LOCK TABLE pg_class")
        assert shared_clone.verify() == could_not(
            "connection timeout expired. Correct the host and the port in DATABASE_URL, or let "
            "this machine in."
        )


def test_reading_with_shorter_lock_timeout__keeps_it(shared_clone: Database) -> None:
    shared_clone.connection.close()
    with (
        shared_clone.options(options="-c lock_timeout=50"),
        comparison.reading(shared_clone.connection),
        shared_clone.connection.cursor() as cursor,
    ):
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("50ms",)


def test_verify_schema_longer_than_statement_timeout__status_2(shared_clone: Database) -> None:
    with shared_clone.options(options="-c statement_timeout=2"):
        assert shared_clone.verify() == could_not(
            "canceling statement due to statement timeout. Raise statement_timeout for this role, "
            "or try again later."
        )
