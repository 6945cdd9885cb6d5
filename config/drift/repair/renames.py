"""Objects that go by another name."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from config.drift.diff import Drift
from config.drift.repair.statements import CONSTRAINTS, Statement, Step, alter, keyword
from config.postgres.catalog import Attributes, Catalog, Key, quote

type Renames = Mapping[Key, Key]
"""By the live object that goes by another name, the expected one that it is."""

RENAMED = (*CONSTRAINTS, "table", "column", "index", "enum type")
# What has a name that no other of these kinds may have in the same schema. Nor may a view, but a
# script drops those of ours first.
RELATIONS = (
    *("table", "sequence", "index"),
    *("primary key", "unique constraint", "exclusion constraint"),
)


def find_renames(drifts: Iterable[Drift], expected: Catalog, live: Catalog) -> Renames:
    """Live objects that are, but for their name, just what one expected object should be.

    That may be missing, or something else may be there under its name.
    """
    wanted, found = defaultdict(list), defaultdict(list)
    for key in dict.fromkeys(_drifting(drifts)):
        if key in expected:
            wanted[_but_for_name(key, expected)].append(key)
        if key in live:
            found[_but_for_name(key, live)].append(key)
    pairs = {
        found[like][0]: wanted[like][0]
        for like in found
        if len(found[like]) == len(wanted[like]) == 1 and found[like] != wanted[like]
    }
    tables = {key.name for pair in pairs.items() for key in pair if key.kind == "table"}
    parts = {key: pairs[key] for key in pairs if key.table not in tables}
    return _possible(parts, expected, live)


def _drifting(drifts: Iterable[Drift]) -> Iterator[Key]:
    """The objects of which anything is not as it should be."""
    for drift in drifts:
        if drift.key.kind in RENAMED:
            yield drift.key
        if drift.key.table:
            yield Key("table", "", drift.key.table)


def _but_for_name(key: Key, catalog: Catalog) -> str:
    """All of the object that outlasts a renaming; of a table, its columns are enough to know it."""
    attributes: dict[str, Any] = _set(catalog[key])
    if key.kind == "index":
        attributes["definition"] = _renamed(attributes["definition"], {key.name: ""})
    if key.kind == "table":
        attributes["columns"] = {
            part.name: _set(catalog[part])
            for part in catalog
            if part.kind == "column" and part.table == key.name
        }
    return json.dumps([key.kind, key.table, attributes], sort_keys=True)


def _set(attributes: Attributes) -> dict[str, Any]:
    """A snapshot leaves out the others."""
    return {name: value for name, value in attributes.items() if value is not None}


def _possible(pairs: Renames, expected: Catalog, live: Catalog) -> Renames:
    """Those whose name is free, or is held by what gets another one or may be set aside."""
    for key, name in pairs.items():
        holder = _holder(name, live)
        if holder and holder not in pairs and not _is_stub(holder, expected, live):
            rest = {other: pairs[other] for other in pairs if other != key}
            return _possible(rest, expected, live)
    return pairs


def _holder(name: Key, live: Catalog) -> Key | None:
    """The live object that has the name of the expected one."""
    return next((key for key in live if key.name == name.name and _share_names(key, name)), None)


def _share_names(key: Key, other: Key) -> bool:
    if key.kind in RELATIONS and other.kind in RELATIONS:
        return True
    same_kind = key.kind == other.kind or (key.kind in CONSTRAINTS and other.kind in CONSTRAINTS)
    return same_kind and key.table == other.table


def _is_stub(key: Key, expected: Catalog, live: Catalog) -> bool:
    """Whether it is something else that stands where a table or column should be."""
    if key.kind == "column" and key in expected:
        names = expected[key].keys() | live[key].keys()
        different = {name for name in names if expected[key].get(name) != live[key].get(name)}
        return "type" in different or len(different) > 1
    return key.kind == "table"


def rename_back(drift: Drift, renames: Renames, live: Catalog) -> list[Statement]:
    """The renaming of the object itself, or of those that make all the difference in `drift`."""
    about = [key for key in renames if _is_about(drift, key, renames[key])]
    return [
        statement
        for key in about or _mentioned(drift, renames)
        for statement in _rename(key, renames, live)
    ]


def _is_about(drift: Drift, key: Key, name: Key) -> bool:
    if drift.key in (key, name):
        return True
    return key.kind == "table" and drift.key.table in (key.name, name.name)


def _mentioned(drift: Drift, renames: Renames) -> list[Key]:
    if not isinstance(drift.found, str):
        return []
    of_same_table_last = sorted(renames, key=lambda key: key.table == drift.key.table)
    names = {key.name: renames[key].name for key in of_same_table_last}
    if drift.expected != _renamed(drift.found, names):
        return []
    return [key for key in renames if _renamed(drift.found, {key.name: ""}) != drift.found]


def _renamed(text: str, names: Mapping[str, str]) -> str:
    if not names:
        return text
    old = "|".join(map(re.escape, names))
    return re.sub(rf"\b(?:{old})\b", lambda match: names[match[0]], text)


def _rename(key: Key, renames: Renames, live: Catalog) -> Iterator[Statement]:
    name = renames[key].name
    holder = _holder(renames[key], live)
    if not holder:
        yield _change_name(key, key.name, name)
    else:
        if holder not in renames:
            yield from _set_aside(holder)
        yield _change_name(key, key.name, f"new_{name}")
        yield _change_name(key, f"new_{name}", name, rank=1)


def _set_aside(stub: Key) -> Iterator[Statement]:
    """It may hold data by now."""
    name = f"old_{stub.name}"
    yield _change_name(stub, stub.name, name)
    if stub.kind == "column":
        yield alter(Step.DROP_COLUMNS, stub, f"DROP COLUMN {quote(name)}", destructive=True)
    else:
        yield Statement(Step.DROP_TABLES, f"DROP TABLE {quote(name)};", destructive=True)


def _change_name(key: Key, old: str, new: str, rank: int = 0) -> Statement:
    change = f"{quote(old)} TO {quote(new)}"
    if key.kind == "column":
        sql = f"ALTER TABLE {quote(key.table)} RENAME COLUMN {change};"
    elif key.kind in CONSTRAINTS:
        sql = f"ALTER TABLE {quote(key.table)} RENAME CONSTRAINT {change};"
    else:
        sql = f"ALTER {keyword(key, {})} {quote(old)} RENAME TO {quote(new)};"
    return Statement(Step.RENAME, sql, rank=rank)
