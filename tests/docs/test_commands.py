"""The commands and edits of the documents, carried out in their order."""

import os
import re
import shlex
from io import StringIO
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pytest
from django.core.management import call_command

from config.embedded.data_directory import BIN
from tests.docs.command_lines import COMMAND, run_commands, run_shell
from tests.docs.copies import copy_project
from tests.support.databases import Database
from tests.support.migrations import default_database
from tests.support.processes import PROJECT

DOCUMENTS = ("migrations.md", "quick-reference.md")
BLOCK = re.compile(r"```(console|diff)\n(.*?)```", re.DOTALL)
LIBPQ = {"dbname": "PGDATABASE", "host": "PGHOST", "port": "PGPORT", "user": "PGUSER"}


@pytest.fixture
def project_copy(tmp_path: Path) -> Path:
    return copy_project(tmp_path)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_document__can_be_followed(document: str, project_copy: Path, clone: Database) -> None:
    text = (PROJECT / "docs" / document).read_text()
    edited = False
    for kind, blocks in groupby(BLOCK.findall(text), itemgetter(0)):
        if kind == "diff":
            for _, block in blocks:
                edit(project_copy, block)
            edited = True
        else:
            lines = "".join(block for _, block in blocks).splitlines()
            lines = [line.removeprefix("$ ") for line in lines]
            type_lines(lines, project_copy, clone, edited=edited)


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


def type_lines(lines: list[str], copy: Path, database: Database, *, edited: bool) -> None:
    """Run the lines; consecutive commands of manage.py share a process.

    Until the copy is `edited`, it equals the project, so its commands run in this process.
    """
    for is_command, group in groupby(lines, lambda line: line.startswith(COMMAND)):
        if not is_command:
            run_shell("\n".join(group), copy, variables(database))
        elif edited:
            run_commands(group, copy, variables(database))
        else:
            for line in group:
                call(line.removeprefix(COMMAND), copy, database)


def call(line: str, copy: Path, database: Database) -> None:
    command, _, target = line.partition(" > ")
    out = StringIO()
    with default_database(database.name):
        call_command(*shlex.split(command), stdout=out)
    if target:
        (copy / target).write_text(out.getvalue())


def variables(database: Database) -> dict[str, str]:
    """Return the environment in which both Django and libpq find the database."""
    where = database.where
    return {LIBPQ[key]: value for key, value in where.items() if key in LIBPQ} | {
        "DATABASE_URL": database.url,
        "PGPASSWORD": where.get("password", ""),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    }
