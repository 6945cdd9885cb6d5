"""docs/upgrade.md, followed with a data directory of PostgreSQL 16."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pytest

from config.embedded.data_directory import BIN, SYSTEM_USER, DataDirectory
from tests.docs.command_lines import COMMAND, run_commands
from tests.docs.copies import copy_project
from tests.support.embedded import has_keeper, is_stopped
from tests.support.processes import PROJECT, environment, eventually, fork, printed

OLD_BIN = BIN.parents[1] / "pginstall" / "bin"
"""The programs of PostgreSQL 16."""
AS_OWNER = ("runuser", "-u", SYSTEM_USER, "--") * (os.geteuid() == 0)
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
ADD_USER = (
    "INSERT INTO users (email, password_hash, role) VALUES ('kept@example.org', 'x', 'admin')"
)
PSQL = f"{COMMAND}dbshell -- --tuples-only --no-align --command"
USERS = "SELECT uuid_extract_version(id), email FROM users"


@pytest.fixture
def old_project() -> Iterator[Path]:
    """Yield a copy of the project that has a data directory of PostgreSQL 16."""
    with TemporaryDirectory() as home:
        Path(home).chmod(0o711)  # the server's user may pass
        copy = copy_project(Path(home))
        (copy / ".venv").symlink_to((PROJECT / ".venv").resolve())
        make_old_directory(copy)
        yield copy
        assert eventually(lambda: is_stopped(copy / ".postgres"))
        assert eventually(lambda: not has_keeper(copy / ".postgres"))


def make_old_directory(copy: Path) -> None:
    """Create a data directory of PostgreSQL 16, with the schema of the project and a user."""
    directory = copy / ".postgres"
    directory.mkdir()
    DataDirectory(directory)._give_to_system_user()
    options = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
    run(copy, *AS_OWNER, OLD_BIN / "initdb", *options, f"--pgdata={directory}")
    with running_server(copy, directory):
        psql = (OLD_BIN / "psql", f"--host={directory}", "--username=postgres")
        run(copy, *psql, "--command=CREATE DATABASE learning_platform")
        url = f"postgres://postgres@/learning_platform?host={quote(str(directory))}"
        printed(fork(copy, ["manage.py", "migrate", "--verbosity=0"], {"DATABASE_URL": url}))
        run(copy, *psql, f"--command={ADD_USER}", "learning_platform")


@contextmanager
def running_server(copy: Path, directory: Path) -> Iterator[None]:
    ctl = (*AS_OWNER, OLD_BIN / "pg_ctl", "--wait", "--silent", f"--pgdata={directory}")
    socket = f"-c listen_addresses='' -c unix_socket_directories='{directory}' -c fsync=off"
    run(copy, *ctl, "start", f"--log={directory}/log", f"--options={socket}")
    yield
    run(copy, *ctl, "stop")


def test_upgrade_guide__keeps_the_rows_and_ends_without_drift(old_project: Path) -> None:
    *moved, loaded, repair, apply, verify = commands_of_guide(old_project)
    run(old_project, "bash", "-e", "-c", "\n".join(moved))
    run_commands([loaded, repair], old_project, {}, status=1)  # verify_schema finds drift
    assert (old_project / "repair.sql").read_text().count("SET DEFAULT uuidv7()") == 22
    printed = run_commands([apply, verify, f"{PSQL} {shlex.quote(USERS)}"], old_project, {})
    assert "\nIdentical: the live schema agrees with the models.\n" in printed
    assert printed.endswith("\n7|kept@example.org\n")


def commands_of_guide(copy: Path) -> list[str]:
    """Return the commands of the guide, with pg_ctl run as the owner of the directory."""
    text = (copy / "docs" / "upgrade.md").read_text()
    commands = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    ctl = '"$programs/pginstall/bin/pg_ctl"'
    return [
        line.removeprefix("$ ").replace(ctl, f"{shlex.join(AS_OWNER)} {ctl}") for line in commands
    ]


def run(copy: Path, *command: object, **variables: object) -> str:
    process = subprocess.run(
        [*map(str, command)],
        cwd=copy,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert process.returncode == 0, f"{command}\n{process.stdout}\n{process.stderr}"
    return process.stdout
