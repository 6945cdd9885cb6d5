"""The hazards of each operation in a plan of migrations."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.state import ProjectState

from config.hazards.alternatives import Alternative, find_alternative
from config.hazards.errors import on_one_line
from config.hazards.operation_sql import OperationSQL, read_migration
from config.hazards.rules import BLOCKING, Hazard, hazard, operation_codes, statement_codes
from config.hazards.squawk import lint
from config.hazards.squawk_rules import corrected_code
from config.hazards.statements import table_of
from config.hazards.tables_in_use import TablesInUse, TableSizes
from config.postgres import Plan
from config.postgres.enums import running


@dataclass(frozen=True)
class OperationHazards:
    """An operation and its hazards."""

    operation: OperationSQL
    hazards: Sequence[Hazard]

    @property
    def migration(self) -> Migration:
        return self.operation.migration

    @property
    def title(self) -> str:
        return f"{self.migration}: {self.operation.change.describe()}"

    @property
    def accepted(self) -> list[Hazard]:
        """The hazards that the migration's author accepts."""
        reasons = reasons_of(self.migration)
        return [item for item in self.hazards if item.code in reasons]

    @property
    def shown(self) -> list[Hazard]:
        """The hazards that are not accepted, including advice."""
        reasons = reasons_of(self.migration)
        return [item for item in self.hazards if item.code not in reasons]

    @property
    def dangers(self) -> list[Hazard]:
        """The hazards that make the check fail."""
        return [item for item in self.shown if not item.is_advice]

    @cached_property
    def alternative(self) -> Alternative:
        return self.alternative_to(self.operation)

    def alternative_to(self, operation: OperationSQL) -> Alternative:
        """Return the alternative to this operation for the states of `operation`."""
        try:
            return find_alternative(operation, [item.code for item in self.dangers])
        except Error:
            raise
        except Exception as error:  # fields and operations run any code, which may raise anything
            return Alternative(f"No alternative can be written. {on_one_line(error)}")


def reasons_of(migration: Migration) -> Mapping[str, str]:
    """Return the reasons why the migration accepts hazards, by code."""
    reasons = getattr(migration, "hazards_accepted", {})
    return reasons if isinstance(reasons, Mapping) else {}


def find_hazards(
    connection: BaseDatabaseWrapper,
    plan: Plan,
    state: ProjectState,
    sizes: TableSizes | None = None,
    app_labels: Collection[str] | None = None,
) -> list[OperationHazards]:
    """Return the hazards of the migrations that `plan` applies, in its order. Run nothing.

    `state` is the state before the plan. Without `sizes`, every table that a migration does not
    create itself counts as big and in use. With `app_labels`, migrations of other apps only change
    the state. Raise HazardError if SQL cannot be read.
    """
    tables = TablesInUse(sizes)
    found: list[OperationHazards] = []
    with running(plan):
        for migration, backwards in plan:
            is_wanted = app_labels is None or migration.app_label in app_labels
            if backwards or not is_wanted:
                state = migration.mutate_state(state, preserve=False)
                continue
            tables.begin(migration)
            operations, state = read_migration(connection, migration, state)
            found += _in_migration(operations, tables)
    return found


def _in_migration(
    operations: Sequence[OperationSQL], tables: TablesInUse
) -> Iterator[OperationHazards]:
    for operation in operations:
        for sql in operation.statements:
            tables.learn(sql)
    warned = defaultdict(list)
    for number, item in _warnings(operations, tables):
        warned[number].append(item)
    for number, operation in enumerate(operations):
        hazards = [hazard(code, operation) for code in operation_codes(operation)]
        for sql in operation.statements:
            hazards += [hazard(code, operation, sql) for code in statement_codes(operation, sql)]
        hazards += warned[number]
        relevant = {item.code: item for item in hazards if _is_relevant(item, tables)}
        if relevant:
            yield OperationHazards(operation, list(relevant.values()))


def _is_relevant(item: Hazard, tables: TablesInUse) -> bool:
    if not tables.has(item.table):
        return False
    return item.code not in BLOCKING or not tables.is_small(item.table)


def _warnings(
    operations: Sequence[OperationSQL], tables: TablesInUse
) -> Iterator[tuple[int, Hazard]]:
    """Yield the hazards that squawk finds, each with the index of its operation."""
    statements = [
        (number, sql) for number, item in enumerate(operations) for sql in item.statements
    ]
    if not any(tables.has(table_of(sql)) for _, sql in statements):
        return
    connection: Any = operations[0].connection
    for warning in lint(
        [sql for _, sql in statements],
        connection.pg_version // 10000,
        in_transaction=bool(operations[0].migration.atomic),
    ):
        number, sql = statements[warning.statement]
        operation = operations[number]
        if code := corrected_code(operation, sql, warning.rule, warning.message):
            yield number, hazard(code, operation, sql, warning.message)
