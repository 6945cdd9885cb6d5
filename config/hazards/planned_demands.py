"""The demands of a migration plan: conditions, such as NOT NULL, that existing rows must meet."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration, RunPython
from django.db.migrations.state import ProjectState

from config.hazards.demands import Demand, demands_of, new_labels
from config.hazards.operation_sql import OperationSQL, read_migration
from config.hazards.statements import normalized, table_statement
from config.postgres import Plan
from config.postgres.enums import EnumOperation

LEAVES_ROWS = (
    " ADD CONSTRAINT ",
    " DROP CONSTRAINT ",
    " VALIDATE CONSTRAINT ",
    " SET NOT NULL",
    " DROP NOT NULL",
    " SET DEFAULT ",
    " DROP DEFAULT",
)


class PlannedDemand(NamedTuple):
    """A demand, and the migration that makes it."""

    migration: Migration
    demand: Demand


def planned_demands(
    connection: BaseDatabaseWrapper, plan: Plan, state: ProjectState
) -> Iterator[PlannedDemand]:
    """Yield the demands on rows that no earlier statement of the plan changes.

    Stop at the first operation that may change any row: Python code, or SQL written by hand.
    `state` is the state before the plan.
    """
    changed: set[str] = set()
    types: dict[str, tuple[str, ...] | None] = {}  # None for a type that the plan changes
    for migration, backwards in plan:
        if backwards:
            return
        operations, state = read_migration(connection, migration, state)
        for operation in operations:
            if _may_change_any_row(operation):
                return
            if isinstance(operation.change, EnumOperation):
                types[operation.change.name] = None
            for sql in operation.statements:
                types |= new_labels(sql)
                for demand in demands_of(sql):
                    labels = types.get(demand.new_type.strip('"'), ())
                    if labels is not None and not demand.tables & changed:
                        yield PlannedDemand(migration, replace(demand, labels=labels))
                changed |= _changed_tables(sql)


def _may_change_any_row(operation: OperationSQL) -> bool:
    change = operation.change
    if isinstance(change, RunPython):
        return change.code is not RunPython.noop
    return operation.is_written_by_hand or not change.reduces_to_sql


def _changed_tables(sql: str) -> set[str]:
    """Return the tables whose rows, columns or name the statement may change."""
    statement = table_statement(sql)
    if statement is None or "INDEX" in statement.verb:
        return set()
    text = normalized(sql)
    leaves_rows = statement.verb == "ALTER TABLE" and any(words in text for words in LEAVES_ROWS)
    if leaves_rows and " TYPE " not in text and " ADD COLUMN " not in text:
        return set()
    return {statement.table, statement.new_name or statement.table}
