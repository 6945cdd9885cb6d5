"""Drift -> the SQL that puts the live schema right. Pure: it runs nothing.

What would destroy data is marked: that is for somebody to decide.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from config.drift.diff import Drift, is_of_schema
from config.drift.repair.attributes import CHANGES, leave_parents
from config.drift.repair.conversion import is_lossy
from config.drift.repair.create import comment, create
from config.drift.repair.drop import drop, remake_mentioning
from config.drift.repair.enums import relabel
from config.drift.repair.renames import find_renames, rename_back
from config.drift.repair.retype import remake_column, retype
from config.drift.repair.statements import Statement, Step, ordered
from config.postgres.catalog import Attributes, Catalog, Key, literal, quote

__all__ = ["Statement", "literal", "ordered", "quote", "repairs"]

NEED_COLUMNS = (
    Step.GENERATED_COLUMNS,
    Step.DEFAULTS,
    Step.KEYS,
    Step.CHECKS,
    Step.FOREIGN_KEYS,
    Step.INDEXES,
)


def repairs(drifts: Sequence[Drift], expected: Catalog, live: Catalog) -> Iterator[list[Statement]]:
    """What puts each of `drifts` right; nothing where no statement could."""
    renames = find_renames(drifts, expected, live)
    renamed = {*renames, *renames.values()}
    undecided = [
        key
        for key in live
        if key in expected and key not in renamed and _loses_data(expected[key], live[key])
    ]
    places = {key: place for place, key in enumerate(live)}
    for drift in drifts:
        renamings = rename_back(drift, renames, live)
        yield renamings or [
            replace(
                statement,
                destructive=statement.destructive or _needs(statement, drift.key, undecided),
                # Of what is to be dropped the youngest first: nothing else is made of it.
                rank=-places[drift.key] if drift.problem == "extra" else statement.rank,
            )
            for statement in _statements(drift, expected, live)
        ]


def _statements(drift: Drift, expected: Catalog, live: Catalog) -> Iterable[Statement]:
    key = drift.key
    if not is_of_schema(key):
        return []
    if key.kind == "extension":
        return [Statement(Step.EXTENSIONS, f"CREATE EXTENSION {quote(key.name)};")]
    if drift.problem == "missing":
        return create(key, expected)
    if drift.problem == "extra":
        return [drop(key, expected, live)]
    return _change(drift, expected, live)


def _change(drift: Drift, expected: Catalog, live: Catalog) -> Iterable[Statement]:
    key, attribute = drift.key, drift.attribute
    if attribute == "comment":
        return [comment(key, drift.expected)]
    if attribute == "kind":
        return _replace_table(key, expected, live)
    if _must_be_remade(expected[key], live[key]):
        return _remake(key, expected, live)
    if key.kind == "column" and attribute in ("type", "collation", "generated"):
        return retype(key, expected, live)
    if key.kind == "enum type" and attribute == "labels":
        return relabel(key, expected, live)
    if attribute in ("inherits", "partition bound"):
        return leave_parents(key, expected[key], live[key])
    change = CHANGES.get((key.kind, attribute)) or CHANGES.get(("", attribute))
    return change(drift) if change else []


# Objects that cannot be altered


def _must_be_remade(expected: Attributes, found: Attributes) -> bool:
    """Whether they differ in what cannot be changed."""
    names = expected.keys() | found.keys()
    different = {name for name in names if expected.get(name) != found.get(name)}
    if expected.get("generated"):
        return bool(different & {"generated", "type", "collation"})
    if "generated" in different:
        return str(found["generated"]).endswith("VIRTUAL")  # there are no values to keep
    return bool(different & {"definition", "enforcing triggers"})


def _remake(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Drop what is found and create what is expected."""
    if key.kind == "column":
        yield from remake_column(key, expected, live)
        return
    definition = str(live[key]["definition"])
    if key.kind in ("primary key", "unique constraint"):
        columns = definition[definition.index("(") : definition.index(")") + 1]
        referring = rf"\bREFERENCES \"?{re.escape(key.table)}\"?{re.escape(columns)}"
        yield from remake_mentioning(referring, expected, live)
    yield drop(key, expected, live)
    yield from create(key, expected)


def _replace_table(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """A partitioned or a foreign table cannot become a table."""
    referring = rf"\bREFERENCES \"?{re.escape(key.name)}\"?\("
    yield from remake_mentioning(referring, expected, live)
    yield replace(drop(key, expected, live), step=Step.DROP_PARTS)
    for statement in create(key, expected):
        yield replace(statement, destructive=True)


# What cannot run before somebody has decided about a destructive statement


def _loses_data(expected: Attributes, found: Attributes) -> bool:
    """Whether the only way from a table or column to what it should be destroys data."""
    if expected.get("kind") != found.get("kind"):
        return True
    if expected.get("generated"):
        return not found.get("generated")
    if "type" in expected:
        return is_lossy(str(found["type"]), str(expected["type"]))
    return False


def _needs(statement: Statement, key: Key, undecided: Iterable[Key]) -> bool:
    return statement.step in NEED_COLUMNS and any(
        re.search(rf"\b{re.escape(other.name)}\b", statement.sql)
        for other in undecided
        if other.table in ("", key.table)
    )
