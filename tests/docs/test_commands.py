"""The commands and edits of the documents, carried out in their order."""

import os
import re
import shlex
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import DjangoDbBlocker

from config.embedded.data_directory import BIN
from tests.docs.copies import copy_project
from tests.support.databases import Database, new_database
from tests.support.migrations import default_database
from tests.support.processes import PROJECT, execute, fork

DOCUMENTS = ("migrations.md", "quick-reference.md")
BLOCK = re.compile(r"```(console|diff)\n(.*?)```", re.DOTALL)
LIBPQ = {"dbname": "PGDATABASE", "host": "PGHOST", "port": "PGPORT", "user": "PGUSER"}


@pytest.fixture
def database(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    with django_db_blocker.unblock(), new_database(migrated) as database:
        yield database


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copy_project(tmp_path)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_document__can_be_followed(document: str, copy: Path, database: Database) -> None:
    edited = False
    for kind, block in BLOCK.findall((PROJECT / "docs" / document).read_text()):
        if kind == "diff":
            edit(copy, block)
            edited = True
        else:
            for line in block.splitlines():
                type_line(line.removeprefix("$ "), copy, database, edited=edited)


def edit(copy: Path, diff: str) -> None:
    """Apply a diff whose context occurs once in its file."""
    _, target, *lines = diff.splitlines()
    path = copy / target.removeprefix("+++ b/")
    hunk = [line for line in lines if line != "@@"]
    before = "\n".join(line[1:] for line in hunk if line[0] != "+")
    after = "\n".join(line[1:] for line in hunk if line[0] != "-")
    content = path.read_text()
    assert content.count(before) == 1, f"{before!r} is not once in {path.name}"
    path.write_text(content.replace(before, after))


def type_line(line: str, copy: Path, database: Database, *, edited: bool) -> None:
    """Run the line in a shell, or in a fork if it is a plain command of manage.py.

    Run a plain command in this process while the copy is not yet `edited`: it equals the project.
    """
    plain = re.fullmatch(r"python manage\.py ([\w. -]+)", line)
    if plain and not edited:
        with default_database(database.name):
            call_command(*plain[1].split(), stdout=StringIO())
        return
    where = database.where
    variables = {LIBPQ[key]: value for key, value in where.items() if key in LIBPQ} | {
        "DATABASE_URL": database.url,
        "PGPASSWORD": where.get("password", ""),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    }
    if plain:
        process = fork(copy, line.split()[1:], variables)
    else:
        process = execute(["bash", "-c", with_our_python(line)], variables, copy)
    assert process.returncode == 0, f"{line}\n{process.stdout}\n{process.stderr}"


def with_our_python(line: str) -> str:
    """Let `python` be the one that runs the tests; the path to it may have spaces."""
    return line.replace("python ", f"{shlex.quote(sys.executable)} ", 1)
