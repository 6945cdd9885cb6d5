"""Comparisons that cannot be completed: exit status 2, and one line with the reason."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from config.drift import live_schema
from config.drift.management.commands import verify_schema as command
from config.drift.management.commands.verify_schema import Command
from tests.support.databases import Database, new_role
from tests.support.verify_schema import Run, verify_schema

pytestmark = pytest.mark.usefixtures("migrations_read_once")

SEE_LEDGER = "GRANT SELECT ON django_migrations TO {role}"


def cannot_compare(reason: str) -> Run:
    return Run(2, "", reason)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ["course"],
            "app_label: invalid choice: 'course' (choose from admin, analytics, assessments, "
            "auth, communication, contenttypes, courses, enrollments, migrations, notifications, "
            "payments, sessions, users)",
        ),
        (
            ["--database", "replcia"],
            "--database: invalid choice: 'replcia' (choose from {databases})",
        ),
        (
            ["--format", "yaml"],
            "--format: invalid choice: 'yaml' (choose from text, json, github)",
        ),
    ],
    ids=["app", "database", "format"],
)
def test_verify_schema_with_unknown_name__status_2_and_one_line(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", "verify_schema", *arguments])
    out, err = capsys.readouterr()
    # Up to Python 3.13 argparse quotes the choices.
    err = re.sub(r"(?<=[( ])'(\w+)'(?=[,)])", r"\1", err)
    assert (ended.value.code, out) == (2, "")
    reason = reason.format(databases=", ".join(connections))
    assert err == f"manage.py verify_schema: error: argument {reason}\n"


@pytest.mark.parametrize("contradiction", [["courses"], ["--expect", "other.txt"]])
def test_verify_schema_snapshot_with_contradicting_options__status_2(
    contradiction: list[str], tmp_path: Path
) -> None:
    assert verify_schema("--snapshot", tmp_path / "schema.txt", *contradiction) == cannot_compare(
        "A snapshot contains the schema of all apps. "
        "Use --snapshot without app labels and without --expect."
    )


def test_verify_schema_with_and_without_color__status_2() -> None:
    assert verify_schema("--no-color", "--force-color") == cannot_compare(
        "The --no-color and --force-color options can't be used together."
    )


def test_verify_schema_of_other_engine__status_2(monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    monkeypatch.setitem(connections.settings, "sqlite", connections.settings["default"] | sqlite)
    assert verify_schema("--database", "sqlite") == cannot_compare(
        "Database 'sqlite' has the engine 'django.db.backends.sqlite3', which cannot create this "
        "schema. Set its engine to config.postgres.backend."
    )


def test_verify_schema_without_server__status_2(
    monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> None:
    gone = {"ENGINE": "config.postgres.backend", "NAME": "x", "HOST": "127.0.0.1", "PORT": 1}
    monkeypatch.setitem(connections.settings, "gone", connections.settings["default"] | gone)
    with django_db_blocker.unblock():
        assert verify_schema("--database", "gone") == cannot_compare(
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
        assert shared_clone.verify() == cannot_compare(
            "terminating connection due to administrator command. "
            "Try again, or check the server's log."
        )


def test_verify_schema_by_role_without_temp__status_2(clone: Database) -> None:
    clone.execute(f'REVOKE TEMPORARY ON DATABASE "{clone.name}" FROM PUBLIC')
    with new_role(clone, SEE_LEDGER) as role, clone.options(assume_role=role):
        assert clone.verify() == cannot_compare(
            f"Role {role} may not create temporary tables. GRANT TEMPORARY ON DATABASE "
            f"{clone.name} TO {role}, or compare with a snapshot: --expect FILE."
        )


def test_verify_schema_by_role_that_cannot_read_ledger__status_2(shared_clone: Database) -> None:
    with new_role(shared_clone) as role, shared_clone.options(assume_role=role):
        assert shared_clone.verify() == cannot_compare(
            f"Role {role} may not read django_migrations. "
            f"GRANT SELECT ON django_migrations TO {role}."
        )


def test_verify_schema_by_role_that_cannot_see_schema__status_2(clone: Database) -> None:
    clone.execute("REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    with new_role(clone, SEE_LEDGER) as role, clone.options(assume_role=role):
        assert clone.verify() == cannot_compare(
            f"Role {role} may not use schema public, which contains django_migrations. "
            f"GRANT USAGE ON SCHEMA public TO {role}."
        )


def test_verify_schema_in_read_only_transactions__status_2(shared_clone: Database) -> None:
    with shared_clone.options(options="-c default_transaction_read_only=on"):
        role = shared_clone.query("SELECT current_user")[0][0]
        assert shared_clone.verify() == cannot_compare(
            f"Role {role} has read-only transactions here, in which no temporary table can be "
            "created. Verify as another role, or compare with a snapshot: --expect FILE."
        )


def test_verify_schema_without_schema__status_2(shared_clone: Database) -> None:
    with shared_clone.options(options="-c search_path=nowhere"):
        assert shared_clone.verify() == cannot_compare(
            "No schema of the role's search_path exists. Create the schema, or set the role's "
            "search_path to an existing schema."
        )


OTHER_SESSION = "Another session is changing the schema and has not committed. Try again later."


@pytest.mark.parametrize("table", ["courses", "django_migrations"])
def test_verify_schema_during_uncommitted_ddl__status_2_after_lock_timeout(
    shared_clone: Database, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_schema, "LOCK_TIMEOUT", 200)
    with shared_clone.session() as session:
        session.execute(f"BEGIN; ALTER TABLE {table} ADD COLUMN new integer DEFAULT 0")
        assert shared_clone.verify() == cannot_compare(OTHER_SESSION)


def test_verify_schema_while_catalog_is_locked__status_2_after_lock_timeout(
    shared_clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_schema, "LOCK_TIMEOUT", 200)
    # The lock may block new connections, so verify_schema uses an open one.
    with shared_clone.changed(), shared_clone.session() as session:
        session.execute("BEGIN; LOCK TABLE pg_rewrite")
        assert shared_clone.verify() == cannot_compare(OTHER_SESSION)


def test_verify_schema_while_server_accepts_no_connection__status_2_after_connect_timeout(
    shared_clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "CONNECT_TIMEOUT", 2)
    # An earlier test may have set the longer timeout.
    monkeypatch.delitem(
        shared_clone.connection.settings_dict["OPTIONS"], "connect_timeout", raising=False
    )
    with shared_clone.session() as session:
        session.execute("BEGIN; LOCK TABLE pg_class")
        assert shared_clone.verify() == cannot_compare(
            "connection timeout expired. Correct the host and the port in DATABASE_URL, or allow "
            "the connection."
        )


def test_reading_with_shorter_lock_timeout__keeps_that_timeout(shared_clone: Database) -> None:
    shared_clone.connection.close()
    with (
        shared_clone.options(options="-c lock_timeout=50"),
        live_schema.read_transaction(shared_clone.connection),
        shared_clone.connection.cursor() as cursor,
    ):
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("50ms",)


def test_verify_schema_longer_than_statement_timeout__status_2(shared_clone: Database) -> None:
    with (
        shared_clone.session() as session,
        shared_clone.options(options="-c statement_timeout=300"),
    ):
        # To read the definition of users, the command would wait for this lock for 2 seconds.
        session.execute("BEGIN; LOCK TABLE users")
        assert shared_clone.verify() == cannot_compare(
            "canceling statement due to statement timeout. Raise statement_timeout for this role, "
            "or try again later."
        )
