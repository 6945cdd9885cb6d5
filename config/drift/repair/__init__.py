"""The SQL that repairs drift. verify_schema prints this SQL, and never runs it.

Statements that can destroy data are marked as destructive, so that an administrator decides.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from config.drift.difference import Drift, differing, is_database_object, mentions
from config.drift.repair.attributes import change_attribute, end_inheritance
from config.drift.repair.cluster_placement import change_placement, drop_on_cluster
from config.drift.repair.conversion import is_lossy
from config.drift.repair.creation import comment, create
from config.drift.repair.labels import relabel
from config.drift.repair.partition_repairs import change_partition
from config.drift.repair.partition_statements import create_partition, full_name
from config.drift.repair.partitioning import keeps_rows_when_partitioned, replace_with_partitioned
from config.drift.repair.phases import Phase, Statement, is_on_cluster, ordered, table_pattern
from config.drift.repair.removal import drop, recreate_mentioning
from config.drift.repair.renames import find_renames, rename_back
from config.drift.repair.retyping import is_stored, recreate_column, retype
from config.postgres.catalog import Catalog, Key, quote

__all__ = ["Statement", "ordered", "repairs"]

NEED_COLUMNS = (
    Phase.GENERATED_COLUMNS,
    Phase.DEFAULTS,
    Phase.KEYS,
    Phase.CHECKS,
    Phase.FOREIGN_KEYS,
    Phase.INDEXES,
)


def repairs(drifts: Sequence[Drift], expected: Catalog, live: Catalog) -> Iterator[list[Statement]]:
    """Yield a list of statements for each drift, or an empty list if no statement repairs it."""
    renames = find_renames(drifts, expected, live)
    renamed = {*renames, *renames.values()}
    lossy = [
        key
        for key in live
        if key.kind in ("table", "column")
        and key in expected
        and key not in renamed
        and _loses_data(key, expected, live)
    ]
    positions = {key: position for position, key in enumerate(live)}
    for drift in drifts:
        yield rename_back(drift, renames, live) or [
            replace(
                statement,
                destructive=statement.destructive or _depends_on(statement, drift.key, lossy),
                # Drop the newest extra object first, because no older object depends on it.
                rank=-positions[drift.key] if drift.problem == "extra" else statement.rank,
            )
            for statement in _repair(drift, expected, live)
        ]


def _repair(drift: Drift, expected: Catalog, live: Catalog) -> Iterable[Statement]:
    key = drift.key
    if not is_database_object(key):
        return []
    if key.kind == "extension":
        return [Statement(Phase.EXTENSIONS, f"CREATE EXTENSION {quote(key.name)};")]
    if drift.problem == "missing":
        return _create(key, expected, live) if expected[key] else []
    if drift.problem == "extra":
        return [drop_on_cluster(key, expected, live)]
    return _change(drift, expected, live)


def _create(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Yield the statements that create an expected object and, on a cluster, distribute it.

    If another table has the name of a partition, create the partition after that table is dropped.
    """
    after_drop = {
        create_partition(part, expected)
        for part in expected
        if part.kind == "partition" and Key("table", "", full_name(part)) in live
    }
    for statement in create(key, expected):
        if statement in after_drop:
            yield replace(statement, phase=Phase.DROP_TABLES, rank=1, destructive=True)
        else:
            yield statement
    yield from _distribute_created(key, expected, live)


def _distribute_created(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Yield the statements that distribute a newly created table as its model declares."""
    if expected[key].get("placement"):
        others = {other: live[other] for other in live if other != key}
        yield from change_placement(key, expected, others)


def _change(drift: Drift, expected: Catalog, live: Catalog) -> Iterable[Statement]:
    key, attribute = drift.key, drift.attribute
    if key.kind == "partition":
        return change_partition(drift, expected, live)
    if attribute == "comment":
        return [comment(key, drift.expected)]
    if attribute in ("kind", "partition key"):
        return _replace_table(key, expected, live)
    if _must_be_recreated(key, expected, live) or _is_missing_on_partitions(drift, live):
        return _recreate(key, expected, live)
    if key.kind == "column" and attribute in ("type", "collation", "generated"):
        return retype(key, expected, live)
    if key.kind == "enum type" and attribute == "labels":
        return relabel(key, expected, live)
    if attribute == "placement":
        return change_placement(key, expected, live)
    if attribute in ("inherits", "partition bound"):
        return end_inheritance(key, expected[key], live[key])
    return change_attribute(drift)


# Objects that cannot be altered


def _must_be_recreated(key: Key, expected: Catalog, live: Catalog) -> bool:
    """Return whether PostgreSQL or Citus cannot alter one of the differing attributes."""
    different = differing(expected[key], live[key])
    if expected[key].get("generated"):
        return bool(different & {"generated", "type", "collation"})
    # DROP EXPRESSION keeps the values of a stored column only, and does not work on Citus.
    if "generated" in different:
        return not is_stored(live[key]) or is_on_cluster(key.table, live)
    return bool(different & {"definition", "enforcing triggers"})


def _is_missing_on_partitions(drift: Drift, live: Catalog) -> bool:
    """Return whether an index is invalid because it is missing on partitions of its table."""
    table = live.get(Key("table", "", drift.key.table), {})
    return drift.attribute in ("valid", "index valid") and bool(table.get("partition key"))


def _recreate(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    if key.kind == "column":
        yield from recreate_column(key, expected, live)
        return
    definition = str(live[key]["definition"])
    if key.kind in ("primary key", "unique constraint"):
        columns = definition[definition.index("(") : definition.index(")") + 1]
        referring = rf"\bREFERENCES {table_pattern(key.table)}{re.escape(columns)}"
        yield from recreate_mentioning(referring, expected, live)
    yield drop(key, expected, live)
    yield from create(key, expected)


def _replace_table(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Replace a table that has another kind or partition key than expected."""
    if keeps_rows_when_partitioned(expected[key], live[key]):
        distribution = list(_distribute_created(key, expected, live))
        creation = list(create(key, expected))
        # Add foreign keys after the table is distributed. Otherwise the keys make Citus convert the
        # table, and this fails for a partitioned table.
        later = [item for item in creation if distribution and item.phase == Phase.FOREIGN_KEYS]
        first = [item for item in creation if item not in later]
        yield replace_with_partitioned(key, first, expected, live)
        yield from [*distribution, *later]
        return
    referring = rf"\bREFERENCES {table_pattern(key.name)}\("
    yield from recreate_mentioning(referring, expected, live)
    yield replace(drop(key, expected, live), phase=Phase.DROP_PARTS)
    for statement in _create(key, expected, live):
        yield replace(statement, destructive=True)


# Statements that depend on a destructive one


def _loses_data(key: Key, expected: Catalog, live: Catalog) -> bool:
    """Return whether every repair of a table or column destroys data."""
    wanted, found = expected[key], live[key]
    if wanted.get("kind") != found.get("kind"):
        return not keeps_rows_when_partitioned(wanted, found)
    if wanted.get("generated"):
        return not found.get("generated")
    if is_stored(found) and is_on_cluster(key.table, live):
        return True
    if "type" in wanted:
        return is_lossy(str(found["type"]), str(wanted["type"]))
    return False


def _depends_on(statement: Statement, key: Key, lossy: Iterable[Key]) -> bool:
    """Return whether the statement names a table or column that a destructive repair changes."""
    return statement.phase in NEED_COLUMNS and any(
        mentions(statement.sql, other.name) for other in lossy if other.table in ("", key.table)
    )
