"""The plans with which PostgreSQL runs the queries of a block."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

ROWS_READ = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")


@dataclass(frozen=True)
class ExecutedPlan:
    """The nodes of a plan that was executed, as EXPLAIN (ANALYZE, FORMAT JSON) prints them."""

    nodes: tuple[dict[str, Any], ...]

    @property
    def indexes(self) -> set[str]:
        return {node["Index Name"] for node in self.nodes if "Index Name" in node}

    @property
    def tables_read_whole(self) -> set[str]:
        return {
            node["Relation Name"] for node in self.nodes if node["Node Type"].endswith("Seq Scan")
        }

    @property
    def rows_read(self) -> int:
        """Return the number of rows read from tables, including those that were discarded."""
        return sum(
            sum(node.get(rows, 0) for rows in ROWS_READ) * node["Actual Loops"]
            for node in self.nodes
            if "Relation Name" in node
        )


@contextmanager
def explained() -> Iterator[list[ExecutedPlan]]:
    """Collect the plans of the statements that the block runs, in order."""
    plans: list[ExecutedPlan] = []

    def explain(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params, many, context)
        [[statement]] = context["cursor"].fetchone()
        plans.append(ExecutedPlan(tuple(_nodes(statement["Plan"]))))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield plans


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("Plans", ()):
        yield from _nodes(part)
