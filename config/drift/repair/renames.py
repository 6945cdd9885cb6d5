"""The renamed objects, and the statements that give them their names back."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from config.drift.difference import Drift, differing
from config.drift.repair.statements import (
    CONSTRAINT_PHASES,
    Phase,
    Statement,
    alter,
    is_placed,
    named,
    relation,
)
from config.postgres.catalog import Attributes, Catalog, Key, quote

type Renames = Mapping[Key, Key]
"""The expected object by the live object that has another name."""

RENAMED = (*CONSTRAINT_PHASES, "table", "column", "index", "enum type")
# Kinds whose names must differ from each other within a schema. Views belong to them, too, but a
# script drops extra views first.
SHARING_NAMES = (
    *("table", "sequence", "index"),
    *("primary key", "unique constraint", "exclusion constraint"),
)


def find_renames(drifts: Iterable[Drift], expected: Catalog, live: Catalog) -> Renames:
    """Return the live objects that differ from exactly one expected object by name only.

    The expected object may be missing, or a different object may have its name.
    """
    wanted, found = defaultdict(list), defaultdict(list)
    for key in dict.fromkeys(_drifting(drifts)):
        if _is_made_again(key, live):
            continue
        if key in expected:
            wanted[_without_name(key, expected)].append(key)
        if key in live:
            found[_without_name(key, live)].append(key)
    pairs = {
        found[like][0]: wanted[like][0]
        for like in found
        if len(found[like]) == len(wanted[like]) == 1 and found[like] != wanted[like]
    }
    tables = {key.name for pair in pairs.items() for key in pair if key.kind == "table"}
    parts = {key: pairs[key] for key in pairs if key.table not in tables}
    while blocked := [key for key in parts if _is_blocked(key, parts, expected, live)]:
        for key in blocked:
            del parts[key]
    return parts


def _drifting(drifts: Iterable[Drift]) -> Iterator[Key]:
    """Yield the objects that drift, and the tables whose parts drift."""
    for drift in drifts:
        if drift.key.kind in RENAMED:
            yield drift.key
        if drift.key.table:
            yield Key("table", "", drift.key.table)


def _is_made_again(key: Key, live: Catalog) -> bool:
    """Return whether Citus, which renames no constraint, has no index of it to rename either."""
    return key.kind in ("foreign key", "check") and is_placed(key.table, live)


def _without_name(key: Key, catalog: Catalog) -> str:
    """Return a text of everything that a renaming keeps; for a table its columns, too."""
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
    """Return the attributes that have a value, since a snapshot omits the others."""
    return {name: value for name, value in attributes.items() if value is not None}


def _is_blocked(key: Key, renames: Renames, expected: Catalog, live: Catalog) -> bool:
    """Return whether a live object has the new name and cannot be renamed itself."""
    holder = _holder(renames[key], live)
    return bool(holder and holder not in renames and not _is_stub(holder, expected, live))


def _holder(name: Key, live: Catalog) -> Key | None:
    """Return the live object that has the name of the expected one."""
    return next((key for key in live if key.name == name.name and _share_names(key, name)), None)


def _share_names(key: Key, other: Key) -> bool:
    if key.kind in SHARING_NAMES and other.kind in SHARING_NAMES:
        return True
    same_kind = key.kind == other.kind or {key.kind, other.kind} <= CONSTRAINT_PHASES.keys()
    return same_kind and key.table == other.table


def _is_stub(key: Key, expected: Catalog, live: Catalog) -> bool:
    """Return whether a different object has taken the place of a table or column."""
    if key.kind == "column" and key in expected:
        different = differing(expected[key], live[key])
        return "type" in different or len(different) > 1
    return key.kind == "table"


def rename_back(drift: Drift, renames: Renames, live: Catalog) -> list[Statement]:
    """Return the renaming of the object, or of other objects if only their names differ in it."""
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
    """Rename the stub, and drop it with a destructive statement, since it may have data by now."""
    name = f"old_{stub.name}"
    yield _change_name(stub, stub.name, name)
    if stub.kind == "column":
        yield alter(Phase.DROP_COLUMNS, stub, f"DROP COLUMN {quote(name)}", destructive=True)
    else:
        yield Statement(Phase.DROP_TABLES, f"DROP TABLE {quote(name)};", destructive=True)


def _change_name(key: Key, old: str, new: str, rank: int = 0) -> Statement:
    part = "COLUMN" if key.kind == "column" else "CONSTRAINT"
    if key.kind in ("column", "foreign key", "check"):
        sql = f"ALTER TABLE {relation(key.table)} RENAME {part} {quote(old)} TO {quote(new)};"
    else:  # Citus renames no constraint, but an index, and its constraint with it
        kind = "index" if key.kind in CONSTRAINT_PHASES else key.kind
        sql = f"ALTER {named(Key(kind, key.table, old))} RENAME TO {quote(new)};"
    return Statement(Phase.RENAME, sql, rank=rank)
