"""The result of verify_schema for programs: JSON, GitHub's annotations, psql. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.console import counted, github_message, github_property
from config.drift.advice import Advice
from config.drift.comparison import SHADOWED, Finding, Result
from config.drift.diff import Drift, is_of_schema
from config.drift.repair import Statement
from config.postgres.catalog import Key, Value, quote

FORMAT_VERSION = 1  # of the JSON; it grows when a key goes or changes its meaning
# Words that all formats share


def verdict(result: Result) -> str:
    scope = f" of {', '.join(sorted(result.app_labels))}" if result.app_labels else ""
    count = len(result.findings)
    remark = ""
    if result.ignored:
        remark = f" VERIFY_SCHEMA_IGNORE allows {counted(result.ignored, 'difference')}."
    if not count:
        return f"Identical: the live schema{scope} is what the models say.{remark}"
    differences = counted(count, "difference")
    return f"Drift: {differences} between the models{scope} and the live schema.{remark}"


def title(drift: Drift) -> str:
    """What is wrong with which object."""
    key = drift.key
    if key.kind == "setting":
        return f"setting {key}: the pattern {drift.found!r} matches no difference"
    if key.kind == "object":  # whose name begins with its kind
        return f"{key} is {drift.problem}"
    if drift.problem == "different":
        return f"{key.kind} {key}: {drift.attribute}"
    if key.kind == "migration":
        return f"migration {key} is {MIGRATION_PROBLEMS[drift.problem]}"
    return f"{key.kind} {key} is {drift.problem}"


MIGRATION_PROBLEMS = {"missing": "not applied", "extra": "applied, but not in the code"}


def by_hand(key: Key, attribute: str = "") -> str:
    """What to do about a difference that no statement repairs."""
    if attribute == SHADOWED:
        return "none that is safe to generate; rename the other one, or set another search_path"
    if key.kind == "setting":
        return "take the pattern out"
    if key.kind == "migration":
        return "none in SQL; see manage.py showmigrations, makemigrations and migrate"
    return "none that is safe to generate; a migration has to do it"


def shown(value: Value | Mapping[str, Any]) -> str:
    """An attribute's value, as a person reads it."""
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {shown(item)}" for name, item in value.items())
    return str(value)


def sql(statement: Statement) -> str:
    """As it may stand in a script: what destroys data is a comment, all of its lines."""
    if not statement.destructive:
        return statement.sql
    return "-- DESTRUCTIVE: " + statement.sql.replace("\r", "\n").replace("\n", "\n-- ")


# For psql


def script(result: Result) -> str:
    """The repairs of all findings, in an order that works; empty if there are no findings."""
    if not result.findings:
        return ""
    statements = result.script()
    return "\n".join([*_header(result, statements), *map(sql, statements)])


def _header(result: Result, statements: Sequence[Statement]) -> Iterator[str]:
    schema = result.schema
    destructive = sum(statement.destructive for statement in statements)
    without = sum(not finding.repairs for finding in result.findings)
    differences = counted(len(result.findings), "difference")
    target = ascii(f"{schema.name} of database {schema.database}")[1:-1]
    yield f"-- verify_schema: {differences} in schema {target}."
    yield "-- Read this before you run it: psql --set ON_ERROR_STOP=on --file FILE"
    if destructive:
        yield f"-- Would destroy data, hence commented out: {destructive}. Look for DESTRUCTIVE."
    if without:
        yield f"-- Differences that no statement here repairs: {without}. See verify_schema."
    yield f"SET search_path = {', '.join(filter(None, [quote(schema.name), schema.search_path]))};"


# For programs


def as_json(result: Result, advice: Iterable[Advice]) -> str:
    """One object; docs/verify_schema.md describes its keys."""
    content = {
        "format": FORMAT_VERSION,
        "verdict": "drift" if result.findings else "identical",
        "server_version": result.schema.server_version,
        "database": result.schema.database,
        "schema": result.schema.name,
        "apps": sorted(result.app_labels),
        "counts": dict(sorted(Counter(key.kind for key in result.expected).items())),
        "ignored": result.ignored,
        "drifts": [_drift_as_json(finding, result) for finding in result.findings],
        "advice": [{"code": item.code, "message": item.message} for item in advice],
    }
    return json.dumps(content, indent=2)  # escaped to ASCII, which any stdout can take


def _drift_as_json(finding: Finding, result: Result) -> dict[str, Any]:
    drift = finding.drift
    whole = drift.problem != "different" and is_of_schema(drift.key)
    return {
        "code": drift.code,
        "kind": drift.key.kind,
        "table": drift.key.table,
        "name": drift.key.name,
        "problem": drift.problem,
        "attribute": drift.attribute,
        "expected": result.expected.get(drift.key) if whole else drift.expected,
        "found": result.live.get(drift.key) if whole else drift.found,
        "repair": [
            {"sql": statement.sql, "destructive": statement.destructive}
            for statement in finding.repairs
        ],
    }


# For GitHub


@dataclass(frozen=True)
class Place:
    """Where a model is written."""

    file: str
    line: int


def github(result: Result, advice: Iterable[Advice], places: Mapping[str, Place]) -> str:
    """Workflow commands, and the verdict; `places` says where the model of a table is."""
    lines = []
    for finding in result.findings:
        key = finding.drift.key
        place = places.get(key.table or key.name)
        where = f"file={github_property(place.file)},line={place.line}," if place else ""
        headline = github_property(f"{finding.drift.code} {title(finding.drift)}")
        lines.append(f"::error {where}title={headline}::{github_message(_sentence(finding))}")
    lines += [f"::notice title={item.code}::{github_message(item.message)}" for item in advice]
    return "\n".join([*lines, verdict(result)])


def _sentence(finding: Finding) -> str:
    drift = finding.drift
    if drift.problem == "different":
        return f"expected: {shown(drift.expected)}\nfound: {shown(drift.found)}"
    return "\n".join(map(sql, finding.repairs)) or by_hand(drift.key, drift.attribute)
