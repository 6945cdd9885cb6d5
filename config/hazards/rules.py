"""The rules for hazards by code, each with its danger and advice.

A rule applies if squawk gives a warning with its code, if hand-written SQL matches its pattern, or
if `operation_codes` or `statement_codes` yields its code. `squawk_rules.py` corrects the warnings.
`alternatives/` has the migrations to run instead.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.migrations import AddField, RunPython

from config.hazards.operation_sql import OperationSQL
from config.hazards.statements import NAME, normalized, table_of, without_literals
from config.postgres import Backfill


class Rule(NamedTuple):
    """A danger, the advice if there is no alternative, and a pattern for hand-written SQL."""

    danger: str
    instead: str = ""
    pattern: str = ""


@dataclass(frozen=True)
class Hazard:
    """A danger of an operation to a table. `code` is the stable name of the rule."""

    code: str
    danger: str
    table: str
    """The table in danger, or '' if it is not known."""

    @property
    def is_advice(self) -> bool:
        """True if the hazard is shown, but does not make the check fail."""
        return self.code in ADVICE


ADD_COLUMN = rf"ALTER TABLE .* ADD (?:COLUMN )?+(?:IF NOT EXISTS )?+{NAME} "
CONSTRAINT_INDEX = (
    "PostgreSQL builds the constraint's index, and blocks reads and writes on table {table} until "
    "the index is built."
)
EVERY_ROW = (
    "PostgreSQL checks every row of table {table}, and blocks reads and writes until it is done."
)
QUEUE = "It waits for running queries on table {table}, and every later query queues behind it."

BLOCKING = {
    "adding-exclusion-constraint": Rule(CONSTRAINT_INDEX),
    "adding-field-with-default": Rule(
        "The value differs per row, so PostgreSQL rewrites table {table} and blocks reads and "
        "writes until it is done.",
        pattern=rf"{ADD_COLUMN}(?:small|big)?serial\d?\b",
    ),
    "adding-foreign-key-constraint": Rule(
        "PostgreSQL checks every row of table {table}, and blocks writes to this table and to the "
        "referenced table until it is done."
    ),
    "adding-not-nullable-field": Rule(f"{EVERY_ROW} The operation fails at the first NULL."),
    "adding-serial-primary-key-field": Rule(CONSTRAINT_INDEX),
    "backfill-in-transaction": Rule(
        "It changes rows in a transaction, and the rows stay locked until the transaction ends.",
        "Change rows in a separate migration with atomic = False, a few thousand at a time. "
        "config.postgres.Backfill does this for a column.",
        r"(?:UPDATE|DELETE|MERGE|INSERT .*\bSELECT|WITH .*\b(?:UPDATE|DELETE FROM|MERGE INTO))\b",
    ),
    "changing-column-type": Rule(
        "PostgreSQL rewrites table {table}, rebuilds its indexes or checks every row, and blocks "
        "reads and writes until it is done.",
        "Add a new column. Let the code write both columns, and then read the new column. Then "
        "remove the old column.",
    ),
    "constraint-missing-not-valid": Rule(EVERY_ROW),
    "disallowed-unique-constraint": Rule(CONSTRAINT_INDEX),
    "locking-table": Rule(
        "Other sessions wait for table {table} until the transaction ends.", pattern=r"LOCK\b"
    ),
    "python-in-transaction": Rule(
        "It runs Python code in a transaction. The rows that the code changes stay locked until "
        "the transaction ends.",
        "Look at how many rows the code changes. If there are many, run the code in a separate "
        "migration with atomic = False, and change a few thousand rows at a time. "
        "config.postgres.Backfill does this for a column.",
    ),
    "require-concurrent-index-creation": Rule(
        "PostgreSQL blocks writes to table {table} until the index is built."
    ),
    "require-concurrent-index-deletion": Rule(QUEUE),
    "require-concurrent-partition-detach": Rule(QUEUE),
    "require-concurrent-refresh": Rule(
        "PostgreSQL blocks reads of view {table} until it is filled again.",
        "Add CONCURRENTLY. This needs a unique index of the view.",
        r"REFRESH MATERIALIZED VIEW (?!CONCURRENTLY)",
    ),
    "require-concurrent-reindex": Rule(
        "PostgreSQL blocks writes to the index's table until the index is rebuilt."
    ),
    "rewriting-table": Rule(
        "PostgreSQL rewrites table {table}, and blocks reads and writes until it is done.",
        pattern=r"VACUUM (?:\([^)]*)?\bFULL\b|CLUSTER\b"
        r"|ALTER TABLE .* SET (?:TABLESPACE|LOGGED|UNLOGGED|ACCESS METHOD|EXPRESSION)",
    ),
}
"""The rules for operations that take longer on bigger tables. Small tables are left out."""
BREAKING = {
    "adding-json-column": Rule(
        "Type json has no equality operator, so SELECT DISTINCT on table {table} fails.",
        "Use jsonb.",
        rf"{ADD_COLUMN}json\b",
    ),
    "adding-required-field": Rule(
        "Running code does not know the column, and its INSERTs into table {table} fail, because "
        "the column is NOT NULL and has no default in the database."
    ),
    "adding-unique-field-with-default": Rule(
        "Every row of table {table} gets the same value. This violates the unique constraint."
    ),
    "ban-alter-identity": Rule("Running code may insert its own values into the column."),
    "ban-concurrent-index-creation-in-transaction": Rule(
        "PostgreSQL does not allow CONCURRENTLY inside a transaction.",
        "Put it into a separate migration with atomic = False.",
        r"(?:DROP INDEX|REINDEX .*) CONCURRENTLY\b",
    ),
    "ban-drop-column": Rule(
        "Running code reads the column with every row of table {table}, and fails. The values are "
        "lost."
    ),
    "ban-drop-default": Rule(
        "Running code relies on the column's default, and its INSERTs into table {table} fail."
    ),
    "ban-drop-table": Rule("Running code uses table {table}, and fails. The rows are lost."),
    "changing-enum-labels": Rule(
        "Running code uses the old labels, and fails.",
        "Keep the label, and change only the member's name and text in the TextChoices class. Or "
        "replace the label in rows and code one release earlier.",
    ),
    "renaming-column": Rule(
        "Running code uses the old name of the column of table {table}, and fails."
    ),
    "renaming-object": Rule(
        "Running code uses the old name, and fails.", "Keep the name in the database."
    ),
    "renaming-table": Rule("Running code uses the old name of table {table}, and fails."),
    "truncating-table": Rule("All rows of table {table} are lost.", pattern=r"TRUNCATE\b"),
}
"""The rules for operations that fail or lose data, even on a small table."""
ADVICE = {
    "ban-drop-constraint": Rule("Code may rely on the constraint."),
    "incomplete-partitioned-index": Rule(
        "No query uses the index until an index of each partition of table {table} is attached.",
        "Use AddIndexConcurrently of django.contrib.postgres.operations in a separate migration "
        "with atomic = False. It builds the indexes of the partitions first.",
        r"CREATE (?:UNIQUE )?INDEX .* ON ONLY ",
    ),
    "ban-drop-not-null": Rule("Running code does not expect NULL in the column."),
    "renaming-index": Rule("SQL that names the index by its old name fails."),
}
"""The rules for advice. Advice is shown, but does not make the check fail."""
RULES = BLOCKING | BREAKING | ADVICE
ATOMIC_ONLY = {"backfill-in-transaction", "ban-concurrent-index-creation-in-transaction"}
"""The codes of patterns that are dangerous only in a transaction."""


def hazard(code: str, operation: OperationSQL, sql: str = "", message: str = "") -> Hazard:
    """Return the hazard of a statement. Use squawk's `message` if there is no rule for `code`."""
    table = table_of(sql) or operation.table
    danger = RULES[code].danger.format(table=table) if code in RULES else message
    return Hazard(code, danger, table)


def operation_codes(operation: OperationSQL) -> Iterator[str]:
    """Yield the codes of rules that apply to an operation regardless of its SQL."""
    change = operation.change
    if set(getattr(change, "old_labels", ())) - set(getattr(change, "labels", ())):
        yield "changing-enum-labels"
    if isinstance(change, AddField) and _is_constant_for_unique(change.field):
        yield "adding-unique-field-with-default"
    if operation.in_transaction and isinstance(change, Backfill):
        yield "backfill-in-transaction"
    is_python = isinstance(change, RunPython) and change.code is not RunPython.noop
    if operation.in_transaction and is_python:
        yield "python-in-transaction"


def _is_constant_for_unique(field: Any) -> bool:
    if not field.unique or field.null or field.has_db_default():
        return False
    return not field.many_to_many and field.has_default()


def statement_codes(operation: OperationSQL, sql: str) -> Iterator[str]:
    """Yield the codes of rules that apply to a statement and that squawk may not report."""
    text = without_literals(normalized(sql))
    if re.match(r"ALTER TABLE .* ADD COLUMN .* CHECK \(", text):
        yield "constraint-missing-not-valid"
    if not operation.is_written_by_hand:
        return
    for code, rule in RULES.items():
        applies = operation.in_transaction or code not in ATOMIC_ONLY
        if applies and rule.pattern and re.match(rule.pattern, text, re.IGNORECASE):
            yield code
