"""Wrong settings and arguments are refused in one line with the next step."""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import DjangoDbBlocker

from manage import main
from tests.support.embedded import initialized_directory
from tests.support.processes import manage, manage_as_nobody, refusal
from tests.support.servers import PASSWORD, Server, greeter, server_of_version
from tests.support.standby import databases

type Refused = Callable[[str], str]

EXAMPLE = "postgres://user:password@host:5432/name"


@pytest.fixture
def migrate_refused(
    monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> Iterator[Refused]:
    """Return a function that runs migrate on a URL, and returns its only line on stderr.

    It runs in this process, because starting another one takes most of the time. The tests with a
    closed port show that a separate process ends in the same way.
    """

    def refused(url: str) -> str:
        with (
            databases(default=url),
            redirect_stderr(StringIO()) as stderr,
            pytest.raises(SystemExit) as ended,
        ):
            main()
        assert ended.value.code == 1
        [line] = stderr.getvalue().splitlines()
        return line

    monkeypatch.setattr(sys, "argv", ["manage.py", "migrate"])
    with django_db_blocker.unblock():
        yield refused


def test_migrate_with_wrong_database_url__is_refused() -> None:
    assert refusal(manage("migrate", DATABASE_URL="postgres://user:pass/word@host/name")) == (
        f"manage.py migrate: DATABASE_URL cannot be read. Write {EXAMPLE}, with a valid host, a "
        "number for the port, and percent-encoding for special characters (%2F for /, %3F for ?, "
        "%40 for @)."
    )


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "postgres://127.0.0.1/name?sslmode=sometimes",
            'invalid sslmode value: "sometimes". Correct it in DATABASE_URL.',
        ),
        (
            "postgres:///name?host=/nowhere",
            'connection to server on socket "/nowhere/.s.PGSQL.5432" failed: '
            "No such file or directory. Start the server, or correct the host in DATABASE_URL.",
        ),
    ],
)
def test_migrate_with_url_of_no_server__is_refused(
    migrate_refused: Refused, url: str, message: str
) -> None:
    assert migrate_refused(url) == f"manage.py migrate: {message}"


def test_migrate_with_unknown_host__is_refused(migrate_refused: Refused) -> None:
    with pytest.raises(socket.gaierror) as unresolved:
        socket.getaddrinfo(host := "no-such-host.invalid", 5432)
    assert migrate_refused(f"postgres://{host}/name") == (
        f"manage.py migrate: failed to resolve host '{host}': {unresolved.value.strerror}. "
        "Correct the host in DATABASE_URL."
    )


@pytest.mark.parametrize(
    "arguments", [("overview",), ("runserver", "--noreload", "0")], ids=" ".join
)
def test_command_with_closed_port__is_refused(closed_port: int, arguments: tuple[str, ...]) -> None:
    process = manage(*arguments, DATABASE_URL=Server(closed_port).url("name"))
    assert refusal(process) == (
        f"manage.py {arguments[0]}: "
        f'connection to server at "127.0.0.1", port {closed_port} failed: '
        "Connection refused. Start the server, or correct the host and the port in DATABASE_URL."
    )


def test_runserver_with_closed_port__ends_instead_of_waiting_for_changes(closed_port: int) -> None:
    process = manage("runserver", "0", DATABASE_URL=Server(closed_port).url("name"))
    assert process.returncode == 1
    assert process.stderr.splitlines() == [
        "Watching for file changes with StatReloader",
        f'manage.py runserver: connection to server at "127.0.0.1", port {closed_port} failed: '
        "Connection refused. Start the server, or correct the host and the port in DATABASE_URL.",
    ]


def test_migrate_with_port_of_a_mysql_server__is_refused(migrate_refused: Refused) -> None:
    with greeter(b"\x4a\0\0\0\x0a8.4.0\0") as other:
        assert migrate_refused(other.url("name")) == (
            f'manage.py migrate: connection to server at "127.0.0.1", port {other.port} failed: '
            "received invalid response to SSL negotiation: J. "
            "Correct the host and the port in DATABASE_URL."
        )


def test_migrate_with_pool_and_closed_port__is_refused_at_once(closed_port: int) -> None:
    url = Server(closed_port).url("name")
    assert refusal(manage("migrate", DATABASE_URL=url, DATABASE_POOL_SIZE=2)) == (
        f'manage.py migrate: connection to server at "127.0.0.1", port {closed_port} failed: '
        "Connection refused. Start the server, or correct the host and the port in DATABASE_URL."
    )


def test_migrate_with_silent_port__is_refused_after_the_timeout(migrate_refused: Refused) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = Server(listener.getsockname()[1]).url("name")
        assert migrate_refused(f"{url}?connect_timeout=2") == (
            "manage.py migrate: connection timeout expired. "
            "Correct the host and the port in DATABASE_URL, or allow the connection."
        )


def test_migrate_on_old_server__is_refused() -> None:
    with server_of_version("14.19") as old:
        # A separate process, because Django checks the version only once for an alias.
        process = manage("migrate", DATABASE_URL=old.url("name"))
    assert refusal(process) == (
        "manage.py migrate: PostgreSQL 15 or later is required (found 14.19). "
        "Point DATABASE_URL at a newer server."
    )


def test_migrate_with_wrong_password__is_refused(migrate_refused: Refused, server: Server) -> None:
    url = server.url("postgres", password="wrong")
    assert migrate_refused(url) == (
        f'manage.py migrate: connection to server at "127.0.0.1", port {server.port} failed: '
        'password authentication failed for user "postgres". '
        "Correct the user and the password in DATABASE_URL."
    )


def test_migrate_with_no_password__is_refused(migrate_refused: Refused, server: Server) -> None:
    url = server.url("postgres", password="")
    assert migrate_refused(url) == (
        f'manage.py migrate: connection to server at "127.0.0.1", port {server.port} failed: '
        "fe_sendauth: no password supplied. Add the password to DATABASE_URL."
    )


def test_migrate_with_missing_database__is_refused(
    migrate_refused: Refused, server: Server
) -> None:
    assert migrate_refused(server.url("größe")) == (
        f'manage.py migrate: connection to server at "127.0.0.1", port {server.port} failed: '
        'database "größe" does not exist. Create it, or correct the name in DATABASE_URL.'
    )


def test_migrate_with_tls_required_of_a_server_without_it__is_refused(
    migrate_refused: Refused, server: Server
) -> None:
    url = f"{server.url('postgres')}?sslmode=require"
    assert migrate_refused(url) == (
        f'manage.py migrate: connection to server at "127.0.0.1", port {server.port} failed: '
        "server does not support SSL, but SSL was required. "
        "Correct the SSL parameters in DATABASE_URL, or set up TLS on the server."
    )


@pytest.fixture
def login_role(server: Server) -> Iterator[str]:
    """Yield the name of a role that can only log in."""
    name = f"role_{uuid4().hex}"
    server.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    yield name
    server.execute(f"DROP ROLE {name}")


def test_migrate_as_role_that_may_not_create__is_refused(
    migrate_refused: Refused, server: Server, database: str, login_role: str
) -> None:
    assert migrate_refused(server.url(database, user=login_role)) == (
        f"CommandError: Role '{login_role}' may not create tables in schema 'public' of database "
        f"'{database}'. Nothing was changed. Let the schema's owner run: "
        f'GRANT CREATE ON SCHEMA "public" TO "{login_role}";'
    )
    assert server.tables_and_types(database) == []


def test_migrate_as_role_that_may_not_read_the_records__is_refused(
    migrate_refused: Refused, server: Server, database: str, login_role: str
) -> None:
    records = "CREATE TABLE django_migrations (id int, app text, name text, applied timestamptz)"
    server.execute(records, database=database)
    assert migrate_refused(server.url(database, user=login_role)) == (
        "manage.py migrate: permission denied for table django_migrations. "
        "Let the owner grant it, or use another role in DATABASE_URL."
    )


def test_migrate_on_read_only_server__is_refused(
    migrate_refused: Refused, server: Server, database: str
) -> None:
    server.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    assert migrate_refused(server.url(database)) == (
        "manage.py migrate: cannot execute CREATE TABLE in a read-only transaction. "
        "Point DATABASE_URL at the primary server and a role that may write."
    )
    assert server.tables_and_types(database) == []


@pytest.mark.parametrize(
    ("statement", "kind", "name"),
    [
        ("CREATE TABLE courses ()", "table", "courses"),
        ("CREATE TYPE role AS ENUM ('owner')", "enum type", "role"),
    ],
)
def test_migrate_on_database_with_a_name_taken__is_refused(
    migrate_refused: Refused, server: Server, database: str, statement: str, kind: str, name: str
) -> None:
    server.execute(statement, database=database)
    before = server.tables_and_types(database)
    assert migrate_refused(server.url(database)) == (
        f"CommandError: Cannot create {kind} '{name}': database '{database}' already contains a "
        "table or type of that name that no applied migration has created. Nothing was changed. "
        "Rename or drop it, point DATABASE_URL at an empty database, or, if it equals what the "
        "migration creates, run migrate --fake."
    )
    assert server.tables_and_types(database) == before


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "postgres"


@pytest.mark.parametrize("below", [".", "to/be/made"])
def test_migrate_with_directory_that_is_a_file_or_below_one__is_refused(
    directory: Path, below: str
) -> None:
    directory.write_text("mine")
    assert refusal(manage("migrate", EMBEDDED_POSTGRES_DIR=directory / below)) == (
        f"manage.py migrate: The data directory {directory / below} of the embedded server cannot "
        "be used: Not a directory. Set EMBEDDED_POSTGRES_DIR to a directory that you can write to."
    )
    assert directory.read_text() == "mine"


def test_migrate_with_directory_of_other_files__is_refused(directory: Path) -> None:
    directory.mkdir()
    (directory / "thesis").write_text("mine")
    assert refusal(manage("migrate", EMBEDDED_POSTGRES_DIR=directory)) == (
        f"manage.py migrate: The directory {directory} for the embedded server contains other "
        "files. Set EMBEDDED_POSTGRES_DIR to a directory that is empty or does not exist yet."
    )
    assert [path.name for path in directory.iterdir()] == ["thesis"]


def test_migrate_with_directory_of_another_version__is_refused(directory: Path) -> None:
    directory.mkdir()
    (directory / "PG_VERSION").write_text("16\n")
    assert refusal(manage("migrate", EMBEDDED_POSTGRES_DIR=directory)) == (
        f"manage.py migrate: The data directory {directory} of the embedded server was created by "
        "PostgreSQL 16, but the server is 18. docs/upgrade.md shows how to keep its data. To begin "
        "without it, set EMBEDDED_POSTGRES_DIR to another directory."
    )
    assert [path.name for path in directory.iterdir()] == ["PG_VERSION"]


def test_migrate_with_directory_not_writable__is_refused(directory: Path) -> None:
    directory.mkdir(mode=0o500)
    process = manage_as_nobody("migrate", EMBEDDED_POSTGRES_DIR=directory)
    assert refusal(process) == (
        f"manage.py migrate: The data directory {directory} of the embedded server "
        "cannot be used: Permission denied. "
        "Set EMBEDDED_POSTGRES_DIR to a directory that you can write to."
    )
    assert list(directory.iterdir()) == []


def test_migrate_with_server_that_does_not_start__is_refused() -> None:
    with initialized_directory() as directory:
        (directory / "log").write_text("größe" * 1000)
        (directory / "postgresql.auto.conf").write_text("nonsense = on\n")
        process = manage("migrate", EMBEDDED_POSTGRES_DIR=directory)
    assert refusal(process) == (
        f"manage.py migrate: The embedded server in {directory} does not start: configuration file "
        f'"{directory}/postgresql.auto.conf" contains errors. '
        f"See its log, {directory}/log, or move the directory away."
    )
