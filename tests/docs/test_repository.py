"""Files of the repository that repeat facts of the code."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.processes import PROJECT

CONFIG = PROJECT / "config"
ROOMS = [
    *(path.parent for path in CONFIG.glob("*/__init__.py")),
    *(path.parent for path in (CONFIG / "postgres").glob("*/__init__.py")),
]
DOCUMENTS = [*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")]
MODULE = re.compile(r"`([\w/]+\.py)`")
PRIVATE = re.compile(r"`(?:\w+\.)?(_\w+)`")


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.relative_to(CONFIG).as_posix())
def test_readme__has_the_sentence_of_each_room(room: Path) -> None:
    module = ast.parse((room / "__init__.py").read_text())
    sentence = (ast.get_docstring(module) or "").removesuffix(".")
    readme = (PROJECT / "README.md").read_text()
    listed = re.sub(r"\s+", " ", readme.partition("## Where things are")[2])
    assert f"{room.name}/ {sentence}" in listed


def test_pre_commit__has_every_check_of_make_lint() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    recipe = re.findall(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)[0]
    checks = recipe.replace("$(py)", ".venv/bin/python").replace("\t@", "").splitlines()
    hooks = (PROJECT / ".pre-commit-config.yaml").read_text()
    assert [check for check in checks if f"entry: {check}" not in hooks] == []


def test_private_names_of_contributing__are_in_the_code() -> None:
    text = (PROJECT / "CONTRIBUTING.md").read_text().partition("## Upgrade Django")[2]
    sources = "\n".join(path.read_text() for path in CONFIG.rglob("*.py"))
    names = PRIVATE.findall(text)
    assert names
    assert [name for name in names if name not in sources] == []


def test_modules_that_documents_name__exist() -> None:
    paths = [path.as_posix() for path in PROJECT.rglob("*.py") if ".venv" not in path.parts]
    named = {(path.name, name) for path in DOCUMENTS for name in MODULE.findall(path.read_text())}
    assert named
    assert [each for each in named if not any(path.endswith(f"/{each[1]}") for path in paths)] == []
