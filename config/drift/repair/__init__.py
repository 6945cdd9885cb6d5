"""The SQL that repairs drift. The package runs none of it.

A statement that would destroy data is marked as destructive: an administrator decides about it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from config.drift.difference import Drift, differing, is_of_schema
from config.drift.repair.attaching import create_partition, full_name
from config.drift.repair.attributes import change_attribute, leave_parents
from config.drift.repair.conversion import is_lossy
from config.drift.repair.creation import comment, create
from config.drift.repair.division import divide, is_divided_losslessly
from config.drift.repair.labels import relabel
from config.drift.repair.partitions import change_partition
from config.drift.repair.placement import before_drop, change_placement
from config.drift.repair.removal import drop, remake_mentioning
from config.drift.repair.renames import find_renames, rename_back
from config.drift.repair.retyping import is_stored, remake_column, retype
from config.drift.repair.statements import Phase, Statement, is_placed, mention, ordered
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
    """Yield for each of `drifts` the statements that repair it, or an empty list if none can."""
    renames = find_renames(drifts, expected, live)
    renamed = {*renames, *renames.values()}
    undecided = [
        key
        for key in live
        if key.kind in ("table", "column")
        and key in expected
        and key not in renamed
        and _loses_data(key, expected, live)
    ]
    places = {key: place for place, key in enumerate(live)}
    for drift in drifts:
        renamings = rename_back(drift, renames, live)
        yield renamings or [
            replace(
                statement,
                destructive=statement.destructive or _needs(statement, drift.key, undecided),
                # Drop the youngest extra object first: no older one can depend on it.
                rank=-places[drift.key] if drift.problem == "extra" else statement.rank,
            )
            for statement in _statements(drift, expected, live)
        ]


def _statements(drift: Drift, expected: Catalog, live: Catalog) -> Iterable[Statement]:
    key = drift.key
    if not is_of_schema(key):
        return []
    if key.kind == "extension":
        return [Statement(Phase.EXTENSIONS, f"CREATE EXTENSION {quote(key.name)};")]
    if drift.problem == "missing":
        return _create(key, expected, live) if expected[key] else []
    if drift.problem == "extra":
        return [*before_drop(key, live), drop(key, expected, live)]
    return _change(drift, expected, live)


def _create(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Create an expected object, but a partition whose name is taken only after that is dropped.

    A table is placed before foreign keys connect it with others.
    """
    waiting = {
        create_partition(part, expected)
        for part in expected
        if part.kind == "partition" and Key("table", "", full_name(part)) in live
    }
    for statement in create(key, expected):
        if statement in waiting:
            yield replace(statement, phase=Phase.DROP_TABLES, rank=1, destructive=True)
        else:
            yield statement
    yield from _place(key, expected, live)


def _place(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Place a table that has been created, if the models declare where."""
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
    if _must_be_remade(key, expected, live) or _lacks_parts(drift, live):
        return _remake(key, expected, live)
    if key.kind == "column" and attribute in ("type", "collation", "generated"):
        return retype(key, expected, live)
    if key.kind == "enum type" and attribute == "labels":
        return relabel(key, expected, live)
    if attribute == "placement":
        return change_placement(key, expected, live)
    if attribute in ("inherits", "partition bound"):
        return leave_parents(key, expected[key], live[key])
    return change_attribute(drift)


# Objects that cannot be altered


def _must_be_remade(key: Key, expected: Catalog, live: Catalog) -> bool:
    """Return whether the two differ in an attribute that PostgreSQL or Citus cannot change."""
    different = differing(expected[key], live[key])
    if expected[key].get("generated"):
        return bool(different & {"generated", "type", "collation"})
    if "generated" in different:  # a virtual column stores no values, and Citus does not keep them
        return not is_stored(live[key]) or is_placed(key.table, live)
    return bool(different & {"definition", "enforcing triggers"})


def _lacks_parts(drift: Drift, live: Catalog) -> bool:
    """Return whether an index is invalid since it is not on all partitions of its table."""
    table = live.get(Key("table", "", drift.key.table), {})
    return drift.attribute in ("valid", "index valid") and bool(table.get("partition key"))


def _remake(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Drop the live object and create the expected one."""
    if key.kind == "column":
        yield from remake_column(key, expected, live)
        return
    definition = str(live[key]["definition"])
    if key.kind in ("primary key", "unique constraint"):
        columns = definition[definition.index("(") : definition.index(")") + 1]
        referring = rf"\bREFERENCES {mention(key.table)}{re.escape(columns)}"
        yield from remake_mentioning(referring, expected, live)
    yield drop(key, expected, live)
    yield from create(key, expected)


def _replace_table(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Replace a table by one of another kind, which it cannot become."""
    if is_divided_losslessly(expected[key], live[key]):
        placing, creation = list(_place(key, expected, live)), list(create(key, expected))
        # Citus would convert the table for a foreign key, and fails if it is in partitions.
        later = [item for item in creation if placing and item.phase == Phase.FOREIGN_KEYS]
        first = [item for item in creation if item not in later]
        yield divide(key, first, expected, live)
        yield from [*placing, *later]
        return
    referring = rf"\bREFERENCES {mention(key.name)}\("
    yield from remake_mentioning(referring, expected, live)
    yield replace(drop(key, expected, live), phase=Phase.DROP_PARTS)
    for statement in _create(key, expected, live):
        yield replace(statement, destructive=True)


# Statements that cannot run before an administrator has decided about a destructive one


def _loses_data(key: Key, expected: Catalog, live: Catalog) -> bool:
    """Return whether a table or column can only be repaired by destroying data."""
    wanted, found = expected[key], live[key]
    if wanted.get("kind") != found.get("kind"):
        return not is_divided_losslessly(wanted, found)
    if wanted.get("generated"):
        return not found.get("generated")
    if is_stored(found) and is_placed(key.table, live):
        return True
    if "type" in wanted:
        return is_lossy(str(found["type"]), str(wanted["type"]))
    return False


def _needs(statement: Statement, key: Key, undecided: Iterable[Key]) -> bool:
    return statement.phase in NEED_COLUMNS and any(
        re.search(rf"\b{re.escape(other.name)}\b", statement.sql)
        for other in undecided
        if other.table in ("", key.table)
    )
