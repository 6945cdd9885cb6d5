"""The statements that restore the keys after all tables were taken back to the coordinator."""

from collections.abc import Iterator

from config.drift import Comparison, ordered
from config.postgres.catalog import Catalog, Key, quote
from config.postgres.citus import FOREIGN_KEY, declared_layout, key_on_cluster


def statements_back(comparison: Comparison) -> list[str]:
    """Return the statements that restore the keys that the models declare.

    The cluster lacked some foreign keys with ON DELETE SET NULL. The first statements therefore set
    a reference to NULL if its row no longer exists.
    """
    keys = [
        finding
        for finding in comparison.findings
        if _is_other_on_cluster(finding.drift.key, comparison.expected)
    ]
    repairs = ordered(statement for finding in keys for statement in finding.repairs)
    missing = [finding.drift.key for finding in keys if finding.drift.problem == "missing"]
    return [*_without_dangling(comparison, missing), *(repair.sql for repair in repairs)]


def _is_other_on_cluster(key: Key, expected: Catalog) -> bool:
    if key.kind not in ("primary key", "foreign key") or key not in expected:
        return False
    definition = str(expected[key].get("definition"))
    return key_on_cluster(key.table, definition, declared_layout()) != definition


def _without_dangling(comparison: Comparison, missing: list[Key]) -> Iterator[str]:
    for key in missing:
        found = FOREIGN_KEY.match(str(comparison.expected[key].get("definition")))
        if found and "ON DELETE SET NULL" in found["rest"]:
            table, column = quote(key.table), found["columns"]
            referred = f"{found['table']} AS referred WHERE referred.{found['referred']}"
            yield (
                f"UPDATE {table} AS row SET {column} = NULL WHERE {column} IS NOT NULL "
                f"AND NOT EXISTS (SELECT FROM {referred} = row.{column});"
            )
