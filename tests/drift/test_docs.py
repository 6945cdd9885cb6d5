"""The agreement of docs/verify_schema.md with the code."""

import json
import re
import shlex
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from config.drift.advice import ADVICE_QUERY
from config.drift.difference import KIND_CODES
from config.drift.management.commands.verify_schema import Command
from tests.support.databases import Database
from tests.support.processes import PROJECT
from tests.support.programs import run_program

DOCS = (PROJECT / "docs" / "verify_schema.md").read_text()
CONSOLES = re.findall(r"```console\n(.*?)```", DOCS, re.DOTALL)


@pytest.mark.parametrize("console", CONSOLES)
@pytest.mark.usefixtures("models_read_once")
def test_commands_in_docs__work(
    clone: Database,
    console: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    monkeypatch.chdir(tmp_path)
    settings.VERIFY_SCHEMA_IGNORE = []
    if "--sql" in console:
        clone.execute("ALTER TABLE courses ALTER price SET DEFAULT 1")
    if "IGNORE" in console:
        clone.execute(
            "CREATE TABLE legacy_users ()",
            "ALTER TABLE courses ADD imported_from text",
            "INSERT INTO django_migrations (app, name, applied) VALUES ('billing', '1', now())",
        )
    for line in console.splitlines():
        type_command(clone, line.removeprefix("$ "), settings)


def type_command(database: Database, line: str, settings: Settings) -> None:
    """Run a line of the docs as a shell does; assert that verify_schema has the right status."""
    line, _, target = line.partition(" > ")
    words = shlex.split(line)
    if variable := re.match(r"(VERIFY_SCHEMA_IGNORE)=(.*)", words[0]):
        settings.VERIFY_SCHEMA_IGNORE = variable[2].split(",")
        words = words[1:]
    if words[0] == "psql":
        run_program("psql", database, *words[1:])
    elif words[:3] == ["python", "manage.py", "verify_schema"]:
        run = database.verify(*words[3:])
        assert (run.status, run.err) == (1 if "--sql" in words else 0, "")
        if target:
            Path(target).write_text(run.out)
    else:
        assert words[:3] == ["python", "manage.py", "migrate"]
        call_command(*words[2:], database=database.alias)


def test_docs__name_all_options() -> None:
    parser = Command().create_parser("manage.py", "verify_schema")
    own = [action for action in parser._actions if action.help and "--" + action.dest not in COMMON]
    named = {option for action in own for option in action.option_strings if option in DOCS}
    assert named >= {option for action in own for option in action.option_strings}


COMMON = {
    "--help",
    "--version",
    "--settings",
    "--pythonpath",
    "--traceback",
    "--skip_checks",
    "--verbosity",
}


def test_docs__name_all_codes() -> None:
    rows = re.findall(r"^\| VS(\d\d)- \| ([a-z ]+) \|", DOCS, re.MULTILINE)
    assert {kind: code for code, kind in rows} == KIND_CODES


def test_docs__name_all_advice_codes() -> None:
    rows = re.findall(r"^\| (VA\d\d) \|", DOCS, re.MULTILINE)
    in_code = {*re.findall(r"VA\d\d", ADVICE_QUERY), "VA00", "VA04", "VA08", "VA09"}
    in_code |= {"VA10", "VA11"}
    assert set(rows) == in_code


def test_json_in_docs__has_the_keys_of_real_output(quick_clone: Database) -> None:
    [example] = re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)
    documented = json.loads(example)
    with quick_clone.changed("ALTER TABLE courses ALTER price SET DEFAULT 1"):
        real = json.loads(quick_clone.verify("--format", "json").out)
    assert list(documented) == list(real)
    assert documented["drifts"] == real["drifts"]
