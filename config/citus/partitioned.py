"""Foreign keys of partitioned tables, dropped before tables are placed and added afterwards.

When a table is placed, Citus converts all tables that foreign keys connect to it, and fails if one
of these tables is partitioned.
"""

from collections.abc import Iterable

from config.drift import Comparison, ordered
from config.postgres.catalog import Catalog, Key


def keys_to_drop(catalog: Catalog, tables: Iterable[str]) -> list[Key]:
    """Return the foreign keys of the partitioned tables among `tables`."""
    partitioned = [table for table in tables if _is_partitioned(catalog, table)]
    return [key for key in catalog if key.kind == "foreign key" and key.table in partitioned]


def statements_to_restore(comparison: Comparison) -> list[str]:
    """Return the statements that add the foreign keys that this or an earlier run has dropped."""
    repairs = ordered(
        repair
        for finding in comparison.findings
        if finding.drift.key.kind == "foreign key" and finding.drift.problem == "missing"
        if _is_partitioned(comparison.expected, finding.drift.key.table)
        for repair in finding.repairs
    )
    return [repair.sql for repair in repairs]


def _is_partitioned(catalog: Catalog, table: str) -> bool:
    return bool(catalog.get(Key("table", "", table), {}).get("partition key"))
