"""The squawk warnings that apply to an operation, and the codes of these hazards."""

import re
from collections.abc import Collection

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import AlterField

from config.hazards.column_types import reads_rows
from config.hazards.operation_sql import OperationSQL
from config.hazards.statements import NAME, default_of, functions_in, normalized
from config.postgres import read_rows

KEYWORDS = {"array", "cast", "check", "coalesce", "decimal", "numeric", "varchar"}
"""Words that may precede a parenthesis in SQL, but are not functions."""

VOLATILE = """
    SELECT proname, bool_or(provolatile = 'v') FROM pg_proc
     WHERE proname = ANY (%s) GROUP BY proname
"""


def corrected_code(operation: OperationSQL, sql: str, rule: str, message: str) -> str | None:
    """Return the code of the hazard that squawk warns of, or None for a false alarm."""
    text = normalized(sql)
    if rule == "adding-field-with-default":
        return rule if _differs_per_row(operation.connection, text) else None
    if rule == "adding-foreign-key-constraint" and " ADD COLUMN " in text:
        return rule if default_of(sql) else None  # without a default there is nothing to check
    if rule == "adding-required-field":
        return None if re.search(r" GENERATED (?:ALWAYS|BY DEFAULT) AS ", text) else rule
    if rule == "constraint-missing-not-valid":
        return _code_of_constraint(text)
    if rule == "renaming-object" and re.search(r" an? (?:index|constraint) ", message):
        rule = "renaming-index"
    if operation.is_written_by_hand:
        return rule
    return _code_of_operation(operation, text, rule)


def _differs_per_row(connection: BaseDatabaseWrapper, text: str) -> bool:
    """Return whether PostgreSQL has to compute the value of a new column for each row."""
    if re.search(r" GENERATED .* VIRTUAL\b", text):
        return False
    default = default_of(text)
    return default is None or _is_volatile(connection, functions_in(default))


def _is_volatile(connection: BaseDatabaseWrapper, functions: Collection[str]) -> bool:
    """Return whether one of the functions is volatile, or unknown to the server."""
    known = dict(read_rows(connection, VOLATILE, [list(functions)]))
    return any(known.get(name, name not in KEYWORDS) for name in functions)


def _code_of_constraint(text: str) -> str | None:
    if re.search(r" EXCLUDE ", text):
        return "adding-exclusion-constraint"
    # Squawk has separate rules for these constraints.
    others = r" ADD (?:CONSTRAINT \S+ )?(?:UNIQUE|PRIMARY KEY|FOREIGN KEY)\b"
    return None if re.search(others, text, re.IGNORECASE) else "constraint-missing-not-valid"


def _code_of_operation(operation: OperationSQL, text: str, rule: str) -> str | None:
    """Return the code of the hazard of Django's operation, or None for a false alarm."""
    is_alter_field = isinstance(operation.change, AlterField)
    if rule in ("ban-drop-type", "renaming-index") or text.startswith("ALTER SEQUENCE "):
        # PostgreSQL refuses to drop a type that is in use. Code does not use the names of indexes
        # and of identity sequences.
        return None
    if rule == "ban-drop-constraint" and is_alter_field:
        return None
    if rule == "ban-drop-default":
        return _code_of_dropped_default(operation, text)
    if rule == "changing-column-type" and is_alter_field:
        return rule if reads_rows(operation) else None
    if rule == "renaming-object" and " RENAME VALUE " in text:
        return "changing-enum-labels"
    return rule


def _code_of_dropped_default(operation: OperationSQL, text: str) -> str | None:
    """Return the code of a DROP DEFAULT. Django often sets a default only to drop it again."""
    statements = [normalized(sql) for sql in operation.statements]
    [column] = re.findall(rf" ALTER COLUMN ({NAME}) DROP DEFAULT", text)[:1]
    if added := [sql for sql in statements if f" ADD COLUMN {column} " in sql]:
        return "adding-required-field" if " NOT NULL" in added[0] else None
    if any(f" ALTER COLUMN {column} SET DEFAULT" in sql for sql in statements):
        return None
    field = operation.field_after
    return None if field is None or field.null else "ban-drop-default"
