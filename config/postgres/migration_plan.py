"""Migration plans, the order of migrations, and the table of applied migrations."""

from collections.abc import Sequence

from django.db.migrations import Migration, RunPython, RunSQL
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.operations.base import Operation

LEDGER = "django_migrations"
"""The table in which Django records applied migrations."""

KNOWN_PACKAGES = ("django.", "config.postgres.")
"""The packages of operations that run no custom code, except RunPython and RunSQL."""

type Node = tuple[str, str]
"""App label and name of a migration."""

type Plan = Sequence[tuple[Migration, bool]]
"""Migrations in the order in which they run, each with True if the plan unapplies it."""


def applying_order(graph: MigrationGraph) -> list[Node]:
    """Return all migrations of the graph in the order in which they run on an empty database."""
    plans = (graph.forwards_plan(leaf) for leaf in graph.leaf_nodes())
    return list(dict.fromkeys(node for plan in plans for node in plan))


def undoing_runs_code(operation: Operation) -> bool:
    """Return True if undoing the operation runs custom code or SQL, which may change any rows."""
    if not type(operation).database_backwards.__module__.startswith(KNOWN_PACKAGES):
        return True
    if isinstance(operation, RunPython):
        code = operation.reverse_code
        is_djangos = getattr(code, "__module__", "").startswith("django.")
        return code not in (None, RunPython.noop) and not is_djangos
    return isinstance(operation, RunSQL) and operation.reverse_sql not in (None, RunSQL.noop)
