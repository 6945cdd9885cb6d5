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
"""A quick test that creates a database without migrating it."""


SITE = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
from django.conf import settings
from django.http import HttpResponse
from django.urls import path
settings.INSTALLED_APPS = settings.MIDDLEWARE = []
settings.ROOT_URLCONF = __name__

def page(request):
    from django.db import connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'served'")
        return HttpResponse(*cursor.fetchone())

urlpatterns = [path("", page)]
if __name__ == "__main__":
    import manage
    manage.main()
"""
"""A manage.py for a site of one page, because the whole site starts slowly."""


class Runserver:
    """The command runserver of the program `code`, with its reloader, on a free port."""

    def __init__(self, code: Path, directory: Path) -> None:
        variables = {"EMBEDDED_POSTGRES_DIR": directory, "PYTHONUNBUFFERED": 1}
        self.process = subprocess.Popen(
            [*PYTHON, code, "runserver", "--skip-checks", "0"],
            cwd=PROJECT,
            env=environment(PYTHONPATH=PROJECT, **variables),
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
def runserver(code: Path, directory: Path) -> Iterator[Runserver]:
    server = Runserver(code, directory)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.interrupt()


def page(url: str) -> str:
    with urllib.request.urlopen(url) as response:  # noqa: S310  the url is http
        return str(response.read().decode())


def test_dbshell__is_the_psql_of_the_package_on_the_project_database(initialized: Path) -> None:
    command = ("dbshell", "--", "-c", r"\echo :DBNAME :VERSION_NUM :SERVER_VERSION_NUM")
    process = manage(*command, EMBEDDED_POSTGRES_DIR=initialized, PGHOST="nowhere")
    database, program_version, server_version = printed(process).split()
    assert (database, program_version) == ("learning_platform", server_version)


def test_runserver__serves_during_other_commands_and_reloads_until_interrupted(
    initialized: Path, tmp_path: Path
) -> None:
    (code := tmp_path / "site_of_one_page.py").write_text(SITE)
    tests = ("-m", "pytest", "-p", "no:cacheprovider", TEST)
    with runserver(code, initialized) as server:
        url = server.wait_for_url()
        assert page(url) == "served"
        with Client(initialized) as shell:
            assert shell.query("SELECT 1") == "1"
            assert run(*tests, EMBEDDED_POSTGRES_DIR=initialized).returncode == 0
            assert page(url) == "served"
            assert shell.query("SELECT 1") == "1"
        code.touch()
        assert page(server.wait_for_url()) == "served"
        assert not is_stopped(initialized)
        assert server.interrupt() == 0
    assert is_stopped(initialized)
