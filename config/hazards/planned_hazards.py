"""The hazards of the plan that `migrate` is about to run, given the sizes of the live tables."""

from functools import cached_property
from typing import Any

from django.db import Error, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from config.hazards.errors import HazardError
from config.hazards.operation_hazards import OperationHazards, find_hazards
from config.hazards.planned_demands import PlannedDemand, planned_demands
from config.hazards.report import plan_lines, plan_summary
from config.hazards.statements import unquoted
from config.hazards.tables_in_use import TableSizes
from config.postgres import LEDGER, Plan
from config.postgres.catalog import read_disk_usage


class PlannedHazards:
    """The hazards of the unapplied migrations of database `alias`, read on first use.

    Hazards that cannot be read do not stop `migrate`.
    """

    def __init__(self, alias: str) -> None:
        self.connection = connections[alias]
        self._is_summarized = False
        self._reason = ""

    def describe(self, operation: Operation, message: str, is_error: bool) -> tuple[str, bool]:
        """Return the lines of `--plan` about the operation, and whether to highlight them."""
        found = [item for item in self._hazards or [] if item.operation.listed is operation]
        lines = plan_lines(found, self._sizes) if found else []
        return "\n        ".join([message, *lines]), is_error or bool(lines)

    def summary(self, plan: Plan) -> str:
        """Return a line about the hazards of `plan`. Return '' if there are none, and later."""
        if self._is_summarized or not _is_forwards(plan):
            return ""
        self._is_summarized = True
        if self._hazards is None:
            return f"  Hazards: unknown. {self._reason}"
        migrations = {migration for migration, _ in plan}
        return plan_summary([item for item in self._hazards if item.migration in migrations])

    def demands(self, plan: Plan) -> list[PlannedDemand]:
        """Return the demands of `plan` on rows of existing tables, or [] if they cannot be read."""
        try:
            if not _is_forwards(plan) or not self._is_in_use:
                return []
            demands = list(planned_demands(self.connection, plan, self._state))
        except (Error, HazardError):
            return []
        return [item for item in demands if unquoted(item.demand.table) in self._sizes]

    @property
    def _is_in_use(self) -> bool:
        return bool(self._sizes.keys() - {LEDGER})

    @cached_property
    def _state(self) -> ProjectState:
        state: ProjectState = self._executor._create_project_state(with_applied_migrations=True)
        return state

    @cached_property
    def _executor(self) -> Any:
        return MigrationExecutor(self.connection)

    @cached_property
    def _sizes(self) -> TableSizes:
        return read_disk_usage(self.connection)

    @cached_property
    def _hazards(self) -> list[OperationHazards] | None:
        """The hazards, or None if they cannot be read. Then `_reason` has the message."""
        try:
            if not self._is_in_use:
                return []  # no running code uses an empty database
            plan = self._executor.migration_plan(self._executor.loader.graph.leaf_nodes())
            return find_hazards(self.connection, plan, self._state, self._sizes)
        except (Error, HazardError) as error:
            self._reason = str(error)
            return None


def _is_forwards(plan: Plan) -> bool:
    """Return whether `plan` applies migrations. Django refuses a plan with both directions."""
    return any(not backwards for _, backwards in plan)
