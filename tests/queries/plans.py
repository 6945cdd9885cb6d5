"""Plans of queries, and the scans of tables."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

from tests.support.partitions import read_parents

EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)"
ROWS_READ = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")


@dataclass(frozen=True)
class ExecutedPlan:
    """The nodes of an executed plan, as EXPLAIN prints them; the root is the first.

    Partitions have the name of their table, and indexes of partitions that of the table's index.
    """

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
        """Return the number of pages that were read, from memory or from disk."""
        root = self.nodes[0]
        return int(root["Shared Hit Blocks"] + root["Shared Read Blocks"])


@contextmanager
def explained() -> Iterator[list[ExecutedPlan]]:
    """Collect the plans of the statements that the block runs, in order."""
    plans: list[ExecutedPlan] = []
    parents = read_parents()

    def explain(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        execute(f"{EXPLAIN} {sql}", params, many, context)
        [[statement]] = context["cursor"].fetchone()
        nodes = tuple(_nodes(statement["Plan"], parents))
        plans.append(ExecutedPlan(nodes, statement["Execution Time"]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield plans


SCANS = """
SELECT coalesce(inhparent::regclass::text, relname), sum(seq_scan)::int, min(idx_scan)
  FROM pg_stat_xact_user_tables LEFT JOIN pg_inherits ON inhrelid = relid
 WHERE pg_relation_size(relid) >= %s * current_setting('block_size')::int
 GROUP BY 1
"""


def scans(smallest: int = 1) -> dict[str, tuple[int, int]]:
    """Return how often this session has scanned each table, in full and by index.

    Unlike plans, the numbers include scans of cascades. They also include scans of earlier
    transactions, so compare them with earlier numbers. The number of index scans of a partitioned
    table is the lowest number of its partitions. Tables and partitions with fewer than `smallest`
    pages do not count, because PostgreSQL scans them instead of an index.
    """
    with connection.cursor() as cursor:
        cursor.execute(SCANS, [smallest])
        return {table: (whole, by_index) for table, whole, by_index in cursor.fetchall()}


def _nodes(node: dict[str, Any], parents: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    names = {key: node[key] for key in ("Relation Name", "Index Name") if key in node}
    yield node | {key: parents.get(name, name) for key, name in names.items()}
    for part in node.get("Plans", ()):
        yield from _nodes(part, parents)
