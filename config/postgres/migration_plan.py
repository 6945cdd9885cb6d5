"""Migration plans, the order of migrations, and the table of applied migrations."""

from collections.abc import Sequence

from django.db.migrations import Migration
from django.db.migrations.graph import MigrationGraph

LEDGER = "django_migrations"
"""The table in which Django records applied migrations."""

type Node = tuple[str, str]
"""App label and name of a migration."""

type Plan = Sequence[tuple[Migration, bool]]
"""Migrations in the order in which they run, each with True if the plan unapplies it."""


def applying_order(graph: MigrationGraph) -> list[Node]:
    """Return all migrations of the graph in the order in which they run on an empty database."""
    plans = (graph.forwards_plan(leaf) for leaf in graph.leaf_nodes())
    return list(dict.fromkeys(node for plan in plans for node in plan))
