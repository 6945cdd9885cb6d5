"""Errors that are explained in one line, and errors that keep their traceback."""

import errno
import gzip
import threading
from io import BytesIO, StringIO

import psycopg
import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import Error, OperationalError, connection
from django.db.migrations.exceptions import (
    InconsistentMigrationHistory,
    MigrationSchemaMissing,
)
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from config.console.driver_errors import is_lost
from config.console.error_messages import explain, explained_errors
from config.console.termination import Terminated
from tests import factories
from tests.support.migrations import run_sql


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (
            ["CREATE TABLE taken ()", "CREATE TABLE taken ()"],
            'relation "taken" already exists. '
            "Drop or rename it, or point DATABASE_URL at an empty database.",
        ),
        (
            ["CREATE TYPE taken AS ENUM ()", "CREATE TYPE taken AS ENUM ()"],
            'type "taken" already exists. '
            "Drop or rename it, or point DATABASE_URL at an empty database.",
        ),
        (
            ["CREATE TYPE used AS ENUM ()", "CREATE TABLE t (c used)", "DROP TYPE used"],
            "cannot drop type used because other objects depend on it: "
            "column c of table t depends on type used. Drop the dependent objects, or ask their "
            "owner to.",
        ),
        (
            ["SET LOCAL statement_timeout = 1", "SELECT pg_sleep(9)"],
            "canceling statement due to statement timeout. Raise statement_timeout for this role, "
            "or try again later.",
        ),
    ],
)
def test_error_that_the_caller_can_fix__is_explained(statements: list[str], message: str) -> None:
    with pytest.raises(Error) as caught:
        run_sql(*statements)
    assert explain(caught.value) == message


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sqlstate", "step"),
    [
        ("57014", "Raise statement_timeout for this role, or try again later."),
        ("25006", "Point DATABASE_URL at the primary server and a role that may write."),
        ("42501", "Let the owner grant it, or use another role in DATABASE_URL."),
        ("3F000", "Create the schema, for example by RunSQL in an earlier migration."),
        ("42704", "Create it first; manage.py verify_schema shows what else differs."),
        ("42701", "Drop or rename it; manage.py verify_schema shows what else differs."),
        ("0A000", "Remove the obstacle, or change the migration."),
        ("54000", "Shorten the values, or change the migration."),
        ("42P07", "Drop or rename it, or point DATABASE_URL at an empty database."),
        ("55P04", "Use the value in a later migration than the one that adds it."),
        ("57P01", "Try again, or check the server's log."),
        ("25P03", "Raise idle_in_transaction_session_timeout for this role."),
        ("25P04", "Raise transaction_timeout for this role."),
        ("53300", "Try again when fewer sessions are open, or raise max_connections."),
        ("53100", "Make room on the server's disk."),
        ("40P01", "Try again."),
    ],
)
def test_error_in_another_language__has_its_next_step(sqlstate: str, step: str) -> None:
    with pytest.raises(Error) as caught:
        run_sql(f"DO $$BEGIN RAISE 'Das geht nicht.' USING ERRCODE = '{sqlstate}'; END$$")
    assert explain(caught.value) == f"Das geht nicht. {step}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sqlstate", "lost"), [("57P01", True), ("25P03", True), ("25P04", True), ("57014", False)]
)
def test_error_of_the_server__says_whether_the_session_is_lost(sqlstate: str, lost: bool) -> None:
    with pytest.raises(Error) as caught:
        run_sql(f"DO $$BEGIN RAISE 'It ends.' USING ERRCODE = '{sqlstate}'; END$$")
    assert is_lost(caught.value) == lost


@pytest.mark.parametrize(
    ("message", "explained"),
    [
        (
            'connection failed: connection to server at "::1", port 5432 failed: FATAL:  Datenbank '
            "»nirgends« existiert nicht",
            'connection to server at "::1", port 5432 failed: Datenbank »nirgends« existiert nicht.'
            " Correct the name, the user and the password in DATABASE_URL, or see the server's "
            "log.",
        ),
        (
            "query_wait_timeout",
            "query_wait_timeout. PgBouncer had no free connection to the server: migrate needs two "
            "at a time, rollback three. Raise default_pool_size, or point DATABASE_URL at the "
            "server itself.",
        ),
    ],
)
def test_connection_refused_in_other_words__has_a_next_step(message: str, explained: str) -> None:
    error = OperationalError(message)
    error.__cause__ = psycopg.OperationalError(message)
    assert explain(error) == explained


@pytest.mark.django_db
def test_event_trigger_that_forbids_ddl__is_explained() -> None:
    run_sql(
        "CREATE FUNCTION no_ddl() RETURNS event_trigger LANGUAGE plpgsql AS"
        " $$BEGIN RAISE 'No changes today.'; END$$",
        "CREATE EVENT TRIGGER no_ddl ON ddl_command_start EXECUTE FUNCTION no_ddl()",
    )
    with pytest.raises(Error) as caught:
        run_sql("CREATE TABLE t ()")
    assert explain(caught.value) == (
        "No changes today. It comes from PL/pgSQL function no_ddl() line 1 at RAISE, which a "
        "trigger or an event trigger of the database may have called. Change or disable the "
        "trigger (\\dy in psql lists event triggers), or use a role that it allows."
    )


@pytest.mark.django_db
def test_server_of_the_cluster_that_is_down__is_explained() -> None:
    run_sql(
        "CREATE FUNCTION count_shards() RETURNS void LANGUAGE plpgsql AS $$BEGIN"
        " RAISE E'Server 2: refused\n\tIs it running?' USING ERRCODE = '08006'; END$$"
    )
    with pytest.raises(Error) as caught:
        run_sql("SELECT count_shards()")
    assert explain(caught.value) == (
        "Server 2: refused. Start that server of the cluster, or see its log."
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    ["SELECT nothing", "SELECT 1/0", "SELECT 'x'::int", "SELEKT"],
)
def test_error_of_a_statement__is_not_explained(statement: str) -> None:
    with pytest.raises(Error) as caught:
        run_sql(statement)
    assert explain(caught.value) is None


def test_misuse_of_a_queryset__is_not_explained() -> None:
    with pytest.raises(Error) as caught:
        ContentType.objects.union(ContentType.objects.all()).delete()
    assert explain(caught.value) is None


@pytest.mark.django_db
def test_cause_of_an_error_of_migrate__is_explained() -> None:
    run_sql("SET TRANSACTION READ ONLY", "SET search_path = pg_temp")  # has no django_migrations
    with pytest.raises(MigrationSchemaMissing) as caught:
        MigrationRecorder(connection).ensure_schema()
    assert explain(caught.value) == (
        "cannot execute CREATE TABLE in a read-only transaction. "
        "Point DATABASE_URL at the primary server and a role that may write."
    )


def test_error_of_settings_with_several_lines__is_explained_in_one_line() -> None:
    error = ImproperlyConfigured("Error loading module.\nDid you install it?")
    assert explain(error) == "Error loading module. Did you install it?"


@pytest.mark.django_db
def test_question_without_a_terminal__is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.UserFactory.create(email="ann@example.org")
    monkeypatch.setattr("sys.stdin", StringIO())
    monkeypatch.setattr("getpass.getpass", lambda prompt: input(prompt))
    with pytest.raises(EOFError) as ended:
        call_command("changepassword", "ann@example.org", stdout=StringIO())
    assert explain(ended.value) == (
        "A question got no answer, because the input has ended. Run the command in a terminal."
    )


def test_end_of_a_truncated_file__is_not_explained_as_an_unanswered_question() -> None:
    file = BytesIO(gzip.compress(b"[]")[:-1])
    with gzip.open(file) as fixture, pytest.raises(EOFError) as caught:
        fixture.read()
    assert explain(caught.value) is None


def test_output_on_a_full_disk__is_explained() -> None:
    error = OSError(errno.ENOSPC, "No space left on device")
    assert explain(error) == "The output cannot be written: No space left on device."


def test_file_on_a_full_disk__is_not_taken_for_the_output() -> None:
    assert explain(OSError(errno.ENOSPC, "No space left on device", "models.py")) is None


def test_error_not_of_a_database__is_not_explained() -> None:
    assert explain(ValueError("nothing to do with us")) is None


def test_command_with_explained_error__ends_with_its_name_and_the_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended, explained_errors(["manage.py", "migrate", "users"]):
        raise OperationalError("The server is tired. Let it rest.")
    message = "manage.py migrate: The server is tired. Let it rest.\n"
    assert (ended.value.code, capsys.readouterr().err) == (1, message)


def test_command_with_traceback_option__ends_with_the_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["manage.py", "migrate", "--traceback"]
    with pytest.raises(SystemExit) as ended, explained_errors(command):
        raise OperationalError("The server is tired. Let it rest.")
    first, *_, last = capsys.readouterr().err.splitlines()
    assert ended.value.code == 1
    assert first == "Traceback (most recent call last):"
    assert last == "django.db.utils.OperationalError: The server is tired. Let it rest."


@pytest.mark.parametrize(
    ("interruption", "status", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted."),
        (KeyboardInterrupt("interrupted. So it stands."), 130, "interrupted. So it stands."),
        (Terminated("interrupted. So it stands."), 143, "interrupted. So it stands."),
    ],
)
def test_command_that_is_interrupted__ends_with_its_name_and_the_state(
    capsys: pytest.CaptureFixture[str], interruption: KeyboardInterrupt, status: int, message: str
) -> None:
    with pytest.raises(SystemExit) as ended, explained_errors(["manage.py", "migrate", "users"]):
        raise interruption
    assert (ended.value.code, capsys.readouterr().err) == (
        status,
        f"manage.py migrate: {message}\n",
    )


def test_verify_schema_with_any_error__exits_with_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended, explained_errors(["manage.py", "verify_schema"]):
        raise ZeroDivisionError("division by zero")
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith("\nZeroDivisionError: division by zero\n")


def test_hook_for_errors_of_threads__is_restored() -> None:
    before = threading.excepthook
    with explained_errors(["manage.py"]):
        assert threading.excepthook is not before
    assert threading.excepthook is before


@pytest.mark.django_db
def test_history_of_another_project__is_explained() -> None:
    MigrationRecorder.Migration.objects.filter(app="users").delete()
    with pytest.raises(InconsistentMigrationHistory) as caught:
        MigrationLoader(connection).check_consistent_history(connection)
    assert explain(caught.value) == (
        "Migration admin.0001_initial is applied before its dependency users.0001_initial on "
        "database 'default'. Point DATABASE_URL at a database of this project, or at an empty one."
    )
