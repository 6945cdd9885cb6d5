"""The exit status, stdout and stderr of verify_schema in a separate process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.databases import Database
from tests.support.processes import PATIENCE, PROJECT, PYTHON, environment, manage
from tests.support.verify_schema import IDENTICAL

FORMAT = repr if sys.version_info < (3, 14) else str  # as argparse prints choices
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
            "manage.py verify_schema: error: argument --format: invalid choice: 'yaml' "
            f"(choose from {', '.join(map(FORMAT, ('text', 'json', 'github')))})",
        ),
        (
            [],
            "mysql://somebody@127.0.0.1/x",
            "manage.py verify_schema: DATABASE_URL is for another database engine, but this "
            "project needs PostgreSQL. Write postgres://user:password@host:5432/name.",
        ),
    ],
)
def test_process_that_cannot_compare__status_2_and_one_line(
    arguments: list[str], database_url: str, reason: str
) -> None:
    assert run(*arguments, database_url=database_url) == (2, "", f"{reason}\n")


@contextmanager
def left_pipe() -> Iterator[int]:
    """Yield the writing end of a pipe whose reading end is closed."""
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    yield writing_end
    os.close(writing_end)


@contextmanager
def unwritable_file() -> Iterator[int]:
    """Yield a file that is open for reading only."""
    file = os.open(os.devnull, os.O_RDONLY)
    yield file
    os.close(file)


def run_into(stdout: int, stderr: int, *arguments: str, database_url: str) -> tuple[int, str]:
    process = subprocess.run(
        [*PYTHON, "manage.py", "verify_schema", *arguments],
        cwd=PROJECT,
        env=environment(DATABASE_URL=database_url, DEBUG="on", SECRET_KEY="x"),
        stdout=stdout,
        stderr=stderr,
        text=True,
        timeout=PATIENCE,
    )
    return process.returncode, process.stderr


def test_process_whose_reader_has_left__prints_no_error_and_has_the_status_of_the_verdict(
    clone: Database,
) -> None:
    clone.execute("ALTER TABLE courses DROP COLUMN average_rating")
    with left_pipe() as stdout:
        ended = run_into(stdout, subprocess.PIPE, database_url=clone.url)
    assert ended == (1, "")


def test_process_that_cannot_print__status_2_and_one_line(shared_clone: Database) -> None:
    with unwritable_file() as stdout:
        ended = run_into(stdout, subprocess.PIPE, "-v0", database_url=shared_clone.url)
    reason = "The output cannot be written: Bad file descriptor."
    assert ended == (2, f"CommandError: {reason}\n")


def test_process_that_cannot_write_to_stderr__status_2() -> None:
    with unwritable_file() as stderr:
        status, _ = run_into(subprocess.PIPE, stderr, "--format", "yaml", database_url=NOWHERE)
    assert status == 2
