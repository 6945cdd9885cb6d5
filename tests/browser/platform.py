"""The site that the browser visits: a seeded database and `manage.py runserver` on it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from tests.support.databases import Database
from tests.support.processes import PROJECT, PYTHON, environment, eventually
from tests.support.servers import accepts, reserved_port


@dataclass(frozen=True)
class Account:
    email: str
    password: str


@dataclass(frozen=True)
class Platform:
    database: Database
    address: str
    admin: Account
    student: str


def log_in(page: Page, account: Account, wanted: str = "/admin/") -> None:
    """Open the page `wanted`, and fill in the login form that appears."""
    page.goto(wanted)
    page.get_by_label("Email").fill(account.email)
    page.get_by_label("Password").fill(account.password)
    page.get_by_role("button", name="Log in").click()


PATIENT = """
import django, manage
django.setup()
from tests.support.limits import raise_limits
raise_limits()
manage.main()
"""
"""A manage.py whose pages have time limits that a busy machine does not exceed."""


@contextmanager
def serve(database: Database, log: Path) -> Iterator[str]:
    """Run a server on `database` until the block ends; yield its address."""
    command = [*PYTHON, "-c", PATIENT, "runserver", "--noreload"]
    variables = environment(DATABASE_URL=database.url, DJANGO_SETTINGS_MODULE="config.settings")
    with (
        reserved_port() as port,
        log.open("w") as output,
        subprocess.Popen(
            [*command, f"127.0.0.1:{port}"],
            cwd=PROJECT,
            env=variables,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            assert eventually(lambda: accepts(port)), log.read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
