"""What PostgreSQL does for a query: the plans of all that runs inside a block."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

ROWS_READ = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")


@dataclass(frozen=True)
class Plan:
    """The nodes of a plan that was carried out, as EXPLAIN (ANALYZE, FORMAT JSON) shows them."""

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
        """From tables, whether the query then had a use for them or not."""
        return sum(
            sum(node.get(rows, 0) for rows in ROWS_READ) * node["Actual Loops"]
            for node in self.nodes
            if "Relation Name" in node
        )


@contextmanager
def explained() -> Iterator[list[Plan]]:
    """The plans of the statements of the block, in their order."""
    plans: list[Plan] = []

    def explain(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params, many, context)
        [[statement]] = context["cursor"].fetchone()
        plans.append(Plan(tuple(_nodes(statement["Plan"]))))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield plans


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("Plans", ()):
        yield from _nodes(part)
