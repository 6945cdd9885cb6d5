"""Everyday commands on one embedded server, alone and at the same time."""

import os
import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.embedded import Client, is_stopped
from tests.support.processes import PATIENCE, PROJECT, PYTHON, environment, manage, printed, run

TEST = "tests/postgres/test_disk_usage.py::test_usage_of_a_table__includes_its_indexes"
"""A test that creates a database of its own and needs no migrated one, which takes seconds."""


class Runserver:
    """manage.py runserver, with its reloader, on a free port."""

    def __init__(self, directory: Path, **variables: object) -> None:
        variables |= {"EMBEDDED_POSTGRES_DIR": directory, "PYTHONUNBUFFERED": 1}
        self.process = subprocess.Popen(
            [*PYTHON, "manage.py", "runserver", "0"],
            cwd=PROJECT,
            env=environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def wait_for_url(self) -> str:
        assert self.process.stdout is not None
        starts = (re.search(r"server at (http\S+)", line) for line in self.process.stdout)
        return next(start[1] for start in starts if start)

    def interrupt(self) -> int:
        """Interrupt runserver as Ctrl-C in a terminal does, and return its exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.communicate(timeout=PATIENCE)
        return self.process.returncode


@contextmanager
def runserver(directory: Path, **variables: object) -> Iterator[Runserver]:
    server = Runserver(directory, **variables)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.interrupt()


def status_of_login(url: str) -> int:
    with urllib.request.urlopen(f"{url}admin/login/") as response:  # noqa: S310
        return int(response.status)


def test_dbshell__is_the_package_s_psql_on_our_database(made: Path) -> None:
    command = ("dbshell", "--", "-c", r"\echo :DBNAME :VERSION_NUM :SERVER_VERSION_NUM")
    process = manage(*command, EMBEDDED_POSTGRES_DIR=made, PGHOST="nowhere")
    database, program_version, server_version = printed(process).split()
    assert (database, program_version) == ("learning_platform", server_version)


def test_runserver__serves_next_to_others_and_after_a_change_of_the_code_until_interrupted(
    made: Path, tmp_path: Path
) -> None:
    (code := tmp_path / "sitecustomize.py").touch()
    tests = ("-m", "pytest", "-p", "no:cacheprovider", TEST)
    with runserver(made, PYTHONPATH=tmp_path) as server:
        url = server.wait_for_url()
        assert status_of_login(url) == 200
        with Client(made) as shell:
            assert shell.query("SELECT 1") == "1"
            assert run(*tests, EMBEDDED_POSTGRES_DIR=made).returncode == 0
            assert status_of_login(url) == 200
            assert shell.query("SELECT 1") == "1"
        code.touch()
        assert status_of_login(server.wait_for_url()) == 200
        assert not is_stopped(made)
        assert server.interrupt() == 0
    assert is_stopped(made)
