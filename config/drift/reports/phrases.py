"""The phrases that all formats share."""

from collections.abc import Mapping
from typing import Any

from config.console import counted
from config.drift.comparison import SHADOWED, Comparison
from config.drift.difference import Drift
from config.drift.migration_records import LATER, RECORDS, SKIPPED, UNMIGRATED
from config.drift.repair import Statement
from config.postgres import LEDGER
from config.postgres.catalog import Value

MIGRATION_PROBLEMS = {"missing": "not applied", "extra": "applied, but not in the code"}
MIGRATION_STEPS = {
    "missing": "run manage.py migrate {app}",
    "extra": "restore its file, or delete its record from django_migrations",
    SKIPPED: "if the database already has the changes of these dependencies, add their records to "
    "django_migrations; manage.py migrate refuses to run until then",
    LATER: "if nothing else differs, only the order of the records in django_migrations is wrong",
    RECORDS: "delete all but one of its records from django_migrations",
    UNMIGRATED: "run manage.py makemigrations {app}, and then manage.py migrate {app}",
}
"""The next step by attribute, or by problem for a whole migration."""


def verdict(comparison: Comparison) -> str:
    """Return the verdict in one sentence, with the number of ignored differences."""
    scope = f" of {', '.join(sorted(comparison.app_labels))}" if comparison.app_labels else ""
    count = len(comparison.findings)
    remark = ""
    if comparison.ignored:
        remark = f" VERIFY_SCHEMA_IGNORE allows {counted(comparison.ignored, 'difference')}."
    if not count:
        return f"Identical: the live schema{scope} agrees with the models.{remark}"
    differences = counted(count, "difference")
    return f"Drift: {differences} between the models{scope} and the live schema.{remark}"


def title(drift: Drift) -> str:
    """Return a title that names the object and its problem."""
    key = drift.key
    if key.kind == "setting":
        return f"setting {key}: the pattern {drift.found!r} matches no difference"
    if key.kind == "object":  # the name begins with the kind
        return f"{key} is {drift.problem}"
    if drift.attribute == UNMIGRATED:
        return f"models of app {key.table}: {UNMIGRATED}"
    if drift.attribute == RECORDS:
        return f"migration {key}: records in {LEDGER}"
    if drift.problem == "different":
        return f"{key.kind} {key}: {drift.attribute}"
    if key.kind == "migration":
        return f"migration {key} is {MIGRATION_PROBLEMS[drift.problem]}"
    return f"{key.kind} {key} is {drift.problem}"


def manual_repair(drift: Drift) -> str:
    """Return the advice for a difference that no statement repairs."""
    key = drift.key
    if drift.attribute == SHADOWED:
        return "none that is safe to generate; rename the other object, or change the search_path"
    if key.kind == "setting":
        return "remove the pattern"
    if key.kind == "migration":
        step = MIGRATION_STEPS[drift.attribute or drift.problem]
        return f"none in SQL; {step.format(app=key.table)}"
    return "none that is safe to generate; write a migration"


def value_text(value: Value | Mapping[str, Any]) -> str:
    """Return the value of an attribute as text."""
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {value_text(item)}" for name, item in value.items())
    return str(value)


def safe_sql(statement: Statement) -> str:
    """Return the statement, with all of its lines commented out if it is destructive."""
    if not statement.destructive:
        return statement.sql
    return "-- DESTRUCTIVE: " + statement.sql.replace("\r", "\n").replace("\n", "\n-- ")
