"""The result of verify_schema: for people, for programs and for GitHub. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.management.color import Style

from config.database.advice import Advice
from config.database.catalog import Catalog, Key, Value
from config.database.verify import Finding, Result

FORMAT_VERSION = 1  # of the JSON; it grows when a key goes or changes its meaning
SHOWN = ("column", "primary key", "unique constraint", "foreign key", "check", "index")
PLURALS = {"index": "indexes"}


def text(result: Result, advice: Iterable[Advice], style: Style, verbosity: int) -> str:
    """A line a table, totals, every drift with its repair, advice, and the verdict last."""
    lines: list[str] = []
    if verbosity > 0:
        lines += [_where(result), "", *_tables(result, style), "", _totals(result.expected), ""]
        for finding in result.findings:
            lines += [*_drift(finding, style), ""]
        lines += _advice(advice, style)
    return "\n".join([*lines, _verdict(result, style)])


def as_json(result: Result, advice: Iterable[Advice]) -> str:
    """One object; docs/verify_schema.md describes its keys."""
    content = {
        "format": FORMAT_VERSION,
        "verdict": "drift" if result.findings else "identical",
        "server_version": result.schema.server_version,
        "database": result.schema.database,
        "schema": result.schema.name,
        "counts": dict(sorted(Counter(key.kind for key in result.expected).items())),
        "drifts": [_drift_as_json(finding) for finding in result.findings],
        "advice": [{"code": item.code, "message": item.message} for item in advice],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def github(result: Result, advice: Iterable[Advice], files: Mapping[str, str]) -> str:
    """Workflow commands; `files` says in which file the model of a table is."""
    lines = []
    for finding in result.findings:
        key = finding.drift.key
        place = f"file={files[name]}," if (name := key.table or key.name) in files else ""
        title = f"{finding.drift.code} {key.kind} {key}"
        lines.append(f"::error {place}title={_escaped(title)}::{_escaped(_sentence(finding))}")
    lines += [f"::notice title={item.code}::{_escaped(item.message)}" for item in advice]
    return "\n".join(lines)


def shown(value: Value | Mapping[str, Any]) -> str:
    """An attribute's value, as a person reads it."""
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    return str(value)


def _where(result: Result) -> str:
    schema = result.schema
    version = f"{schema.server_version // 10000}.{schema.server_version % 10000}"
    return f"PostgreSQL {version}, database {schema.database!r}, schema {schema.name!r}"


def _tables(result: Result, style: Style) -> Iterator[str]:
    tables = [key.name for key in result.expected if key.kind == "table"]
    drifting = {finding.drift.key.table or finding.drift.key.name for finding in result.findings}
    width = max(map(len, tables), default=0)
    for table in sorted(tables):
        counts = Counter(key.kind for key in result.expected if key.table == table)
        parts = ", ".join(_counted(counts[kind], kind) for kind in SHOWN if counts[kind])
        mark = style.ERROR("drift") if table in drifting else style.SUCCESS("ok   ")
        yield f"  {mark}  {table:{width}}  {parts}"


def _totals(expected: Catalog) -> str:
    counts = Counter(key.kind for key in expected)
    kinds = ["table", "enum type", *SHOWN]
    return "  " + ", ".join(_counted(counts[kind], kind) for kind in kinds if counts[kind])


def _counted(count: int, kind: str) -> str:
    return f"{count} {kind if count == 1 else PLURALS.get(kind, f'{kind}s')}"


def _drift(finding: Finding, style: Style) -> Iterator[str]:
    drift = finding.drift
    what = f"{drift.key.kind} {drift.key}: {drift.attribute or drift.problem}"
    yield f"{style.ERROR(drift.code)}  {what}"
    if drift.problem == "different":
        yield f"  expected  {shown(drift.expected)}"
        yield f"  found     {shown(drift.found)}"
    for statement in finding.repairs:
        for number, line in enumerate(str(statement).splitlines()):
            yield f"  {'repair' if number == 0 else '      '}    {line}"
    if not finding.repairs:
        yield f"  repair    {_by_hand(drift.key)}"


def _by_hand(key: Key) -> str:
    if key.kind == "migration":
        return "manage.py migrate, or makemigrations; see manage.py showmigrations"
    return "none that is safe to generate; a migration has to do it"


def _advice(advice: Iterable[Advice], style: Style) -> Iterator[str]:
    items = list(advice)
    if items:
        yield style.WARNING("Advice, not part of the verdict")
        yield from (f"  {item.code}  {item.message}" for item in items)
        yield ""


def _verdict(result: Result, style: Style) -> str:
    count = len(result.findings)
    if not count:
        return style.SUCCESS("Identical: the live schema is what the models say.")
    differences = _counted(count, "difference")
    return style.ERROR(f"Drift: {differences} between the models and the live schema.")


def _drift_as_json(finding: Finding) -> dict[str, Any]:
    drift = finding.drift
    return {
        "code": drift.code,
        "kind": drift.key.kind,
        "table": drift.key.table,
        "name": drift.key.name,
        "problem": drift.problem,
        "attribute": drift.attribute,
        "expected": drift.expected,
        "found": drift.found,
        "repair": [
            {"sql": statement.sql, "destructive": statement.destructive}
            for statement in finding.repairs
        ],
    }


def _sentence(finding: Finding) -> str:
    drift = finding.drift
    if drift.problem != "different":
        return drift.problem
    return f"{drift.attribute}: expected {shown(drift.expected)}, found {shown(drift.found)}"


def _escaped(message: str) -> str:
    """docs.github.com, "Workflow commands": a message is one line."""
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
