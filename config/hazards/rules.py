"""What of a linter's warnings counts for a step, and what the linter cannot know."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.migrations import AddField, AlterField, RunPython
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from config.hazards.statements import (
    NAME,
    default_of,
    functions_in,
    normalized,
    table_of,
    without_literals,
)
from config.hazards.steps import Step
from config.hazards.written import names_in
from config.postgres import Backfill, named_in_expressions


@dataclass(frozen=True)
class Hazard:
    """A stable code (squawk's name of the rule, if it is squawk's), and a danger to a table."""

    code: str
    danger: str
    table: str
    """'' where none is named."""
    is_advice: bool = False
    """Whether it is worth a remark only."""


BLOCKING = {
    "adding-exclusion-constraint": "Until the constraint's index is built, nobody reads or writes "
    "table {table}.",
    "adding-field-with-default": "Each row gets a value of its own: PostgreSQL writes table "
    "{table} anew, and until that is done nobody reads or writes it.",
    "adding-foreign-key-constraint": "Until each row of table {table} has been checked, nobody "
    "writes to it, nor to the table that it refers to.",
    "adding-not-nullable-field": "Until each row of table {table} has been checked, nobody reads "
    "or writes it; it fails at the first NULL.",
    "adding-serial-primary-key-field": "Until the key's index is built, nobody reads or writes "
    "table {table}.",
    "backfill-in-transaction": "Rows are changed in one transaction, and what it has locked stays "
    "locked until its end.",
    "changing-column-type": "PostgreSQL writes table {table} anew, or at least its indexes, or "
    "checks each row; until that is done nobody reads or writes it.",
    "constraint-missing-not-valid": "Until each row of table {table} has been checked, nobody "
    "reads or writes it.",
    "disallowed-unique-constraint": "Until the constraint's index is built, nobody reads or "
    "writes table {table}.",
    "locking-table": "Until the transaction ends, others wait for table {table}.",
    "require-concurrent-index-creation": "Until the index is built, nobody writes to table "
    "{table}.",
    "require-concurrent-index-deletion": "It waits for all who use table {table}, and everybody "
    "else waits behind it.",
    "require-concurrent-partition-detach": "It waits for all who use table {table}, and everybody "
    "else waits behind it.",
    "require-concurrent-refresh": "Until view {table} is filled anew, nobody reads it.",
    "require-concurrent-reindex": "Until the index is built anew, nobody writes to its table.",
    "rewriting-table": "PostgreSQL writes table {table} anew, and until that is done nobody reads "
    "or writes it.",
}
"""What takes the longer the more rows there are."""
BREAKING = {
    "adding-json-column": "Type json has no equality, so that SELECT DISTINCT on table {table} "
    "fails.",
    "adding-required-field": "Code that runs already does not know the column, and its INSERTs "
    "into table {table} fail: the column is NOT NULL and has no default in the database.",
    "adding-unique-field-with-default": "Each row of table {table} would get the same value, "
    "which the unique constraint refuses.",
    "ban-alter-identity": "Code that runs already may insert its own values into the column.",
    "ban-concurrent-index-creation-in-transaction": "PostgreSQL refuses CONCURRENTLY inside of a "
    "transaction.",
    "ban-drop-column": "Code that runs already reads the column with each row of table {table}, "
    "and fails. The values are gone.",
    "ban-drop-default": "Code that runs already leaves the column to its default, and its INSERTs "
    "into table {table} fail.",
    "ban-drop-table": "Code that runs already uses table {table}, and fails. The rows are gone.",
    "changing-enum-labels": "Code that runs already uses the old labels, and fails.",
    "renaming-column": "Code that runs already uses the old name of the column of table {table}, "
    "and fails.",
    "renaming-object": "Code that runs already uses the old name, and fails.",
    "renaming-table": "Code that runs already uses the old name of table {table}, and fails.",
    "truncating-table": "All rows of table {table} are gone.",
}
"""What fails, however small a table is."""
ADVICE = {
    "ban-drop-constraint": "Code may rely on what the constraint promised.",
    "ban-drop-not-null": "Code that runs already does not expect NULL in the column.",
    "renaming-index": "Its old name may be written somewhere.",
}
ADD_COLUMN = rf"ALTER TABLE .* ADD (?:COLUMN )?+(?:IF NOT EXISTS )?+{NAME} "
OWN = {
    "adding-field-with-default": rf"{ADD_COLUMN}(?:small|big)?serial\d?\b",
    "adding-json-column": rf"{ADD_COLUMN}json\b",
    "backfill-in-transaction": r"(?:UPDATE|DELETE|MERGE|INSERT .*\bSELECT"
    r"|WITH .*\b(?:UPDATE|DELETE FROM|MERGE INTO))\b",
    "ban-concurrent-index-creation-in-transaction": r"(?:DROP INDEX|REINDEX .*) CONCURRENTLY\b",
    "locking-table": r"LOCK\b",
    "require-concurrent-refresh": r"REFRESH MATERIALIZED VIEW (?!CONCURRENTLY)",
    "rewriting-table": r"VACUUM (?:\([^)]*)?\bFULL\b|CLUSTER\b"
    r"|ALTER TABLE .* SET (?:TABLESPACE|LOGGED|UNLOGGED|ACCESS METHOD|EXPRESSION)",
    "truncating-table": r"TRUNCATE\b",
}
"""Of SQL that is written by hand, what squawk lets pass."""
IN_TRANSACTION_ONLY = {"backfill-in-transaction", "ban-concurrent-index-creation-in-transaction"}

type IsVolatile = Callable[[Collection[str]], bool]
"""Whether one of the functions of these names is volatile, or unknown."""


def hazard(code: str, sql: str, step: Step, message: str = "") -> Hazard:
    table = table_of(sql) or (step.model._meta.db_table if step.model else "")
    text = BLOCKING.get(code) or BREAKING.get(code) or ADVICE.get(code) or message
    return Hazard(
        code, text.format(table=table) if text != message else text, table, code in ADVICE
    )


def judge(step: Step, sql: str, rule: str, message: str, is_volatile: IsVolatile) -> str | None:
    """The code of the hazard that a warning stands for in this step; None if it is none here."""
    text = normalized(sql)
    if rule == "syntax-error" and isinstance(step.operation, RunPython):
        return None  # part of a statement that is put together when it runs
    if rule == "adding-field-with-default" and re.search(r" GENERATED .* VIRTUAL\b", text):
        return None
    if rule == "adding-field-with-default" and (default := default_of(sql)):
        return rule if is_volatile(functions_in(default)) else None
    if rule == "adding-foreign-key-constraint" and " ADD COLUMN " in text:
        return rule if default_of(sql) else None  # without one there is nothing to check
    if rule == "adding-required-field":
        return None if re.search(r" GENERATED (?:ALWAYS|BY DEFAULT) AS ", text) else rule
    if rule == "constraint-missing-not-valid":
        return _judge_constraint(text)
    if rule == "renaming-object" and re.search(r" an? (?:index|constraint) ", message):
        rule = "renaming-index"
    if step.is_written_by_hand:
        return rule
    return _judge_operation(step, text, rule)


def _judge_constraint(text: str) -> str | None:
    if re.search(r" EXCLUDE ", text):
        return "adding-exclusion-constraint"
    # They have rules of their own.
    others = r" ADD (?:CONSTRAINT \S+ )?(?:UNIQUE|PRIMARY KEY|FOREIGN KEY)\b"
    return None if re.search(others, text, re.IGNORECASE) else "constraint-missing-not-valid"


def _judge_operation(step: Step, text: str, rule: str) -> str | None:
    """Of an operation of Django's or ours, of which more is known than its SQL."""
    operation = step.operation
    if rule in ("ban-drop-type", "renaming-index"):
        return None  # PostgreSQL drops no type that is used; nobody calls an index
    if rule == "ban-drop-constraint":
        return None if isinstance(operation, AlterField) else rule
    if rule == "ban-drop-default":
        return _judge_dropped_default(step, text)
    if rule == "changing-column-type" and isinstance(operation, AlterField):
        return rule if rewrites(step) else None
    if rule == "renaming-object":
        return "changing-enum-labels" if " RENAME VALUE " in text else rule
    return rule


def _judge_dropped_default(step: Step, text: str) -> str | None:
    """Django gives rows a default for the moment of the change, and drops it afterwards."""
    statements = [normalized(sql) for sql in step.statements]
    [column] = re.findall(rf" ALTER COLUMN ({NAME}) DROP DEFAULT", text)[:1]
    for added in (sql for sql in statements if f" ADD COLUMN {column} " in sql):
        return "adding-required-field" if " NOT NULL" in added else None
    if any(f" ALTER COLUMN {column} SET DEFAULT" in sql for sql in statements):
        return None
    field = field_after(step)
    return None if field is None or field.null else "ban-drop-default"


def rewrites(step: Step) -> bool:
    """Whether a field that changes makes PostgreSQL read or write more than its catalog."""
    before, after = _types(step)
    if before == after:
        return False
    if before[1] != after[1] or not _is_wider(before[0], after[0]):
        return True
    options = step.before.models[step.app_label, step.model_name].options
    named = [*options.get("constraints", ()), *options.get("indexes", ())]
    name = step.operation.name  # type: ignore[attr-defined]
    return any(name in named_in_expressions(item) for item in named)


def _types(step: Step) -> tuple[tuple[str, Any], tuple[str, Any]]:
    """The column's type and collation, before and after."""
    types = [
        field.db_parameters(step.connection) for field in (field_before(step), field_after(step))
    ]
    before, after = ((found["type"] or "", found.get("collation")) for found in types)
    return before, after


def _is_wider(before: str, after: str) -> bool:
    """Whether each value of one type is a value of the other, byte for byte."""
    old, new = _parts(before), _parts(after)
    if old is None or new is None:
        return before == after
    (old_name, old_size, old_scale), (new_name, new_size, new_scale) = old, new
    if {old_name, new_name} <= {"varchar", "text"}:
        return new_size is None or (old_size is not None and old_size <= new_size)
    if old_name == new_name == "numeric" and new_size is not None:
        return old_size is not None and old_size <= new_size and old_scale == new_scale
    return old_name == new_name and (old_name == "numeric" or before == after)


def _parts(name: str) -> tuple[str, int | None, int] | None:
    match = re.fullmatch(r"(\w+)(?:\((\d+)(?:, ?(\d+))?\))?", name)
    return match and (match[1], int(match[2]) if match[2] else None, int(match[3] or 0))


def field_before(step: Step) -> Any:
    return _field(step, step.before, getattr(step.operation, "name", ""))


def field_after(step: Step) -> Any:
    """The field that an operation on a field leaves; None if there is no such field."""
    operation: Any = step.operation
    name = getattr(operation, "new_name", "") or getattr(operation, "name", "")
    return _field(step, step.after, name)


def _field(step: Step, state: ProjectState, name: str) -> Any:
    if (step.app_label, step.model_name) not in state.models:
        return None
    model = state.apps.get_model(step.app_label, step.model_name)
    return next((field for field in model._meta.get_fields() if field.name == name), None)


# What squawk cannot know


def own_codes(step: Step, sql: str) -> Iterator[str]:
    """The codes of what is dangerous about a statement, and squawk lets pass."""
    if re.match(r"ALTER TABLE .* ADD COLUMN .* CHECK \(", without_literals(normalized(sql))):
        yield "constraint-missing-not-valid"
    text = without_literals(normalized(sql))
    for code, pattern in OWN.items() if step.is_written_by_hand else ():
        counts = step.in_transaction or code not in IN_TRANSACTION_ONLY
        if counts and re.match(pattern, text, re.IGNORECASE):
            yield code


def of_operation(step: Step, locks: Collection[str]) -> Iterator[Hazard]:
    """What an operation itself tells; `locks` are tables that others of its transaction lock."""
    operation: Any = step.operation
    if set(getattr(operation, "old_labels", ())) - set(getattr(operation, "labels", ())):
        yield hazard("changing-enum-labels", "", step)
    if isinstance(operation, AddField) and _is_constant_for_unique(operation.field):
        yield hazard("adding-unique-field-with-default", "", step)
    if step.in_transaction and _fills(operation, locks):
        yield hazard("backfill-in-transaction", "", step)


def _fills(operation: Operation, locks: Collection[str]) -> bool:
    """Whether an operation that is no SQL may take its time over rows."""
    if not isinstance(operation, RunPython) or operation.code is RunPython.noop:
        return isinstance(operation, Backfill)
    return bool(locks) or _changes_rows(operation.code)


def _is_constant_for_unique(field: Any) -> bool:
    if not field.unique or field.null or field.has_db_default():
        return False
    return not field.many_to_many and field.has_default()


def _changes_rows(function: Any) -> bool:
    """Whether a function gets models, and calls what changes many rows at once."""
    names = names_in(function)
    changes = {"update", "bulk_update", "delete", "save", "_raw_delete"} & names
    return bool(changes and {"get_model", "objects"} & names)
