"""The plans with which PostgreSQL runs the queries of a block."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)"
ROWS_READ = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")


@dataclass(frozen=True)
class ExecutedPlan:
    """The nodes of a plan that was executed, as EXPLAIN prints them, the root first."""

    nodes: tuple[dict[str, Any], ...]
    milliseconds: float

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

    @property
    def pages(self) -> int:
        """Return the number of pages that were used, whether they were in memory or not."""
        root = self.nodes[0]
        return int(root["Shared Hit Blocks"] + root["Shared Read Blocks"])


@contextmanager
def explained() -> Iterator[list[ExecutedPlan]]:
    """Collect the plans of the statements that the block runs, in order."""
    plans: list[ExecutedPlan] = []

    def explain(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        execute(f"{EXPLAIN} {sql}", params, many, context)
        [[statement]] = context["cursor"].fetchone()
        plans.append(ExecutedPlan(tuple(_nodes(statement["Plan"])), statement["Execution Time"]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield plans


def scans() -> dict[str, tuple[int, int]]:
    """Return how often this session has scanned each table, in full and by index.

    These numbers include cascades, unlike plans, and what earlier transactions did: subtract them.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, seq_scan, idx_scan FROM pg_stat_xact_user_tables")
        return {table: (whole, by_index) for table, whole, by_index in cursor.fetchall()}


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("Plans", ()):
        yield from _nodes(part)
