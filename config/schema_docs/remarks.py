"""What the source says and neither a model nor PostgreSQL keeps: why an index is there."""

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.apps import AppConfig
from django.db import models

QUERY = re.compile(r"\bQuery (\d+)[:,] *")


@cache
def read_remarks(model: type[models.Model]) -> Mapping[str, str]:
    """By name of a constraint or an index of `model`, the comment above it."""
    source = Path(inspect.getfile(model)).read_text(encoding="utf-8")
    lines = source.splitlines()
    return {
        name: remark
        for call in ast.walk(_meta(ast.parse(source), model.__name__))
        if isinstance(call, ast.Call)
        and (name := _name(call))
        and (remark := _comment_above(lines, call.lineno))
    }


def _meta(module: ast.Module, model: str) -> ast.AST:
    """The class Meta of the class `model`, or nothing."""
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
    bodies = [cls.body for cls in classes if cls.name == model]
    inner = [node for body in bodies for node in body if isinstance(node, ast.ClassDef)]
    return next((node for node in inner if node.name == "Meta"), ast.Module([], []))


def _name(call: ast.Call) -> str:
    """Its argument `name`, as constraints and indexes have one."""
    values = [keyword.value for keyword in call.keywords if keyword.arg == "name"]
    return next((str(node.value) for node in values if isinstance(node, ast.Constant)), "")


def _comment_above(lines: list[str], number: int) -> str:
    """The comment that ends above the line `number`, counted from 1."""
    comment: list[str] = []
    for line in reversed(lines[: number - 1]):
        if not line.lstrip().startswith("#"):
            break
        comment.insert(0, line.lstrip(" #"))
    return " ".join(comment)


@dataclass(frozen=True)
class Asker:
    """A class or method whose docstring says which of the schema's queries it asks."""

    name: str
    says: str


def read_askers(config: AppConfig) -> Mapping[int, list[Asker]]:
    """By number of a query, who in the app asks it."""
    askers: defaultdict[int, list[Asker]] = defaultdict(list)
    for path in sorted(Path(config.path).glob("*.py")):
        for name, docstring in _docstrings(ast.parse(path.read_text(encoding="utf-8"))):
            for number, says in _of_queries(docstring):
                askers[number].append(Asker(name, says))
    return askers


def _docstrings(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Of classes and of their methods, by name."""
    for cls in module.body:
        if isinstance(cls, ast.ClassDef):
            yield cls.name, ast.get_docstring(cls) or ""
            for method in cls.body:
                if isinstance(method, ast.FunctionDef):
                    yield f"{cls.name}.{method.name}()", ast.get_docstring(method) or ""


def _of_queries(docstring: str) -> Iterator[tuple[int, str]]:
    """The numbers, each with the rest of its line."""
    for line in docstring.splitlines():
        if match := QUERY.search(line):
            yield int(match[1]), line[match.end() :].strip()
