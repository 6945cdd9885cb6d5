"""The hazards of what `migrate` is about to run, on the database that it is about to change."""

from functools import cached_property
from typing import Any

from django.db import Error, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.recorder import MigrationRecorder

from config.hazards.find import Finding, by_operation, find
from config.hazards.report import summary, under_operation
from config.hazards.sizes import Sizes, read_sizes
from config.hazards.squawk import SquawkError
from config.hazards.steps import StepError
from config.postgres import Plan


class PlannedHazards:
    """Of the migrations that database `alias` lacks; read when first asked for.

    That they cannot be read stops nobody.
    """

    def __init__(self, alias: str) -> None:
        self.connection = connections[alias]
        self._is_summarized = False
        self._reason = ""

    def describe(self, operation: Operation, message: str, is_error: bool) -> tuple[str, bool]:
        """Django's description of an operation in `--plan`, and below it its hazards."""
        found = by_operation(self._findings or []).get(id(operation), [])
        lines = under_operation(found, self._sizes)
        return "\n        ".join([message, *lines]), is_error or bool(lines)

    def summary(self, plan: Plan) -> str:
        """A line about `plan`; '' if it has no hazards, or if this was asked before."""
        if self._is_summarized:
            return ""
        self._is_summarized = True
        if self._findings is None:
            return f"  Hazards: unknown. {self._reason}"
        operations = {id(operation) for migration, _ in plan for operation in migration.operations}
        return summary([f for f in self._findings if id(f.step.written) in operations])

    @cached_property
    def _sizes(self) -> Sizes:
        return read_sizes(self.connection)

    @cached_property
    def _findings(self) -> list[Finding] | None:
        """None if they cannot be read, for the reason that is then in `_reason`."""
        if not set(self._sizes) - {MigrationRecorder.Migration._meta.db_table}:
            return []  # nobody uses an empty database
        executor: Any = MigrationExecutor(self.connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        state = executor._create_project_state(with_applied_migrations=True)
        try:
            return find(self.connection, plan, state, self._sizes)
        except (Error, SquawkError, StepError) as error:
            self._reason = str(error)
            return None
