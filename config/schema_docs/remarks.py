"""Remarks in the source: the reasons for indexes and constraints, and the callers of queries."""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.db import models

from config.project import own_apps

QUERY = re.compile(r"\bQuery (\d+)[:,] *")


@cache
def read_remarks(model: type[models.Model]) -> Mapping[str, str]:
    """Return the comment above each constraint and index in the module of `model`, by name."""
    source = Path(inspect.getfile(model)).read_text(encoding="utf-8")
    lines = source.splitlines()
    return {
        name: remark
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and (name := _name_argument(call))
        and (remark := _comment_above(lines, call.lineno))
    }


def _name_argument(call: ast.Call) -> str:
    values = [keyword.value for keyword in call.keywords if keyword.arg == "name"]
    return next((str(node.value) for node in values if isinstance(node, ast.Constant)), "")


def _comment_above(lines: list[str], number: int) -> str:
    """Return the comment that ends above the line `number`, counted from 1."""
    comment: list[str] = []
    for line in reversed(lines[: number - 1]):
        if not line.lstrip().startswith("#"):
            break
        comment.insert(0, line.lstrip(" #"))
    return " ".join(comment)


@dataclass(frozen=True)
class QueryCaller:
    """A class or method whose docstring says that it runs one of the schema's queries."""

    query: int
    """The number of the query."""
    name: str
    description: str


def read_query_callers() -> Iterator[QueryCaller]:
    """Yield the classes and methods of this project whose docstrings name a query."""
    for path in (path for config in own_apps() for path in sorted(Path(config.path).glob("*.py"))):
        for name, docstring in _docstrings(ast.parse(path.read_text(encoding="utf-8"))):
            for line in docstring.splitlines():
                if match := QUERY.search(line):
                    yield QueryCaller(int(match[1]), name, line[match.end() :].strip())


def _docstrings(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the name and the docstring of each class and method."""
    for cls in module.body:
        if isinstance(cls, ast.ClassDef):
            yield cls.name, ast.get_docstring(cls) or ""
            for method in cls.body:
                if isinstance(method, ast.FunctionDef):
                    yield f"{cls.name}.{method.name}()", ast.get_docstring(method) or ""
