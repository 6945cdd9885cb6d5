"""verify_schema in a process of its own: its exit status, stdout and stderr."""

import pytest

from tests.processes import manage
from tests.verify.clones import Database
from tests.verify.command import IDENTICAL

NOWHERE = "postgres://somebody@127.0.0.1:1/x"


def run(*arguments: str, database_url: str) -> tuple[int, str, str]:
    variables = {"DATABASE_URL": database_url, "DEBUG": "on", "SECRET_KEY": "x"}
    process = manage("verify_schema", *arguments, **variables)
    return process.returncode, process.stdout, process.stderr


def test_process_on_identical_schema__status_0(shared_clone: Database) -> None:
    assert run("-v0", database_url=shared_clone.url) == (0, f"{IDENTICAL[1]}\n", "")


def test_process_on_drift__status_1(clone: Database) -> None:
    clone.execute("ALTER TABLE courses DROP COLUMN average_rating")
    status, out, err = run("-v0", "courses", database_url=clone.url)
    assert (status, out.partition(":")[0], err) == (1, "Drift", "")


@pytest.mark.parametrize(
    ("arguments", "database_url", "reason"),
    [
        (
            [],
            NOWHERE,
            'CommandError: connection to server at "127.0.0.1", port 1 failed: Connection refused. '
            "Start the server, or correct the host and the port in DATABASE_URL.",
        ),
        (
            ["--format", "yaml"],
            NOWHERE,
            "CommandError: There is no format 'yaml'. There are: text, json, github.",
        ),
        (
            [],
            "mysql://somebody@127.0.0.1/x",
            "manage.py verify_schema: DATABASE_URL is of the database engine 'mysql', but this "
            "schema needs PostgreSQL. Write postgres://user:password@host:5432/name.",
        ),
    ],
)
def test_process_that_cannot_compare__status_2_and_one_line(
    arguments: list[str], database_url: str, reason: str
) -> None:
    assert run(*arguments, database_url=database_url) == (2, "", f"{reason}\n")
