"""The words that the formats share."""

from collections.abc import Mapping
from typing import Any

from config.console import counted
from config.drift.comparison import SHADOWED, Comparison
from config.drift.difference import Drift
from config.drift.repair import Statement
from config.postgres.catalog import Key, Value

MIGRATION_PROBLEMS = {"missing": "not applied", "extra": "applied, but not in the code"}


def verdict(comparison: Comparison) -> str:
    """Return one sentence about whether the live schema is as expected."""
    scope = f" of {', '.join(sorted(comparison.app_labels))}" if comparison.app_labels else ""
    count = len(comparison.findings)
    remark = ""
    if comparison.ignored:
        remark = f" VERIFY_SCHEMA_IGNORE allows {counted(comparison.ignored, 'difference')}."
    if not count:
        return f"Identical: the live schema{scope} is what the models say.{remark}"
    differences = counted(count, "difference")
    return f"Drift: {differences} between the models{scope} and the live schema.{remark}"


def title(drift: Drift) -> str:
    """Return the object and what is wrong with it."""
    key = drift.key
    if key.kind == "setting":
        return f"setting {key}: the pattern {drift.found!r} matches no difference"
    if key.kind == "object":  # the name begins with the kind
        return f"{key} is {drift.problem}"
    if drift.problem == "different":
        return f"{key.kind} {key}: {drift.attribute}"
    if key.kind == "migration":
        return f"migration {key} is {MIGRATION_PROBLEMS[drift.problem]}"
    return f"{key.kind} {key} is {drift.problem}"


def by_hand(key: Key, attribute: str = "") -> str:
    """Return what to do about a difference that no statement repairs."""
    if attribute == SHADOWED:
        return "none that is safe to generate; rename the other object, or change the search_path"
    if key.kind == "setting":
        return "remove the pattern"
    if key.kind == "migration":
        return "none in SQL; see manage.py showmigrations, makemigrations and migrate"
    return "none that is safe to generate; write a migration"


def shown(value: Value | Mapping[str, Any]) -> str:
    """Return an attribute's value in words."""
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
    """Return the statement, with all of its lines commented out if it destroys data."""
    if not statement.destructive:
        return statement.sql
    return "-- DESTRUCTIVE: " + statement.sql.replace("\r", "\n").replace("\n", "\n-- ")
