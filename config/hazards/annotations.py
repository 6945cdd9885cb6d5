"""Hazards as GitHub annotations, each at the line of its operation in the migration file."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

from django.db.migrations import Migration

from config.console import github_annotation
from config.hazards.checked_migrations import CheckedMigrations
from config.hazards.operation_hazards import OperationHazards
from config.hazards.report import verdict
from config.project import from_root


def github_report(checked: CheckedMigrations) -> str:
    """Return a workflow command for each hazard and each mistake, and the verdict."""
    lines = [line for found in checked.hazards for line in _annotations(found)]
    for mistake in checked.mistakes:
        place = _place(mistake.migration, 0)
        lines.append(github_annotation("error", mistake.message, **place, title="hazards_accepted"))
    return "\n".join([*lines, verdict(checked)])


def _annotations(found: OperationHazards) -> Iterator[str]:
    operation = found.operation
    place = _place(found.migration, found.migration.operations.index(operation.listed) + 1)
    for item in found.shown:
        title = f"{item.code}: {operation.change.describe()}"
        if item.is_advice:
            yield github_annotation("notice", item.danger, **place, title=title)
        else:
            message = f"{item.danger}\nInstead: {found.alternative.advice}"
            yield github_annotation("error", message, **place, title=title)


def _place(migration: Migration, number: int) -> dict[str, object]:
    """Return the file and line of operation `number`, or of the migration's class for number 0."""
    try:
        file = Path(inspect.getfile(type(migration)))
    except (OSError, TypeError):  # the class was created at run time
        return {"line": 1}
    lines = _lines(type(migration))
    line = lines[number] if number < len(lines) else lines[0]
    return {"file": from_root(file).as_posix(), "line": line}


def _lines(cls: type[Migration]) -> list[int]:
    """Return the lines of the class and of its operations, or [1] if the source is not found."""
    try:
        source, first = inspect.getsourcelines(cls)
    except OSError:  # the file is compiled or in an archive, or the class was created at run time
        return [1]
    [found] = ast.parse(dedent("".join(source))).body
    lists = (
        node.value
        for node in getattr(found, "body", ())
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and "operations" in _targets(node)
    )
    operations = next((item for item in lists if isinstance(item, (ast.List, ast.Tuple))), None)
    nodes = [found, *(operations.elts if operations else ())]
    return [first - 1 + node.lineno for node in nodes]


def _targets(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [ast.unparse(target) for target in targets]
