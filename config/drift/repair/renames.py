"""Objects that were renamed in the database, and the SQL that restores their names."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from config.drift.difference import Drift, differing, parts_of
from config.drift.repair.phases import (
    CONSTRAINT_PHASES,
    Phase,
    Statement,
    alter_table,
    is_on_cluster,
    kind_and_name,
    quoted_table,
)
from config.postgres.catalog import Attributes, Catalog, Key, quote

type Renames = Mapping[Key, Key]
"""The expected key of each renamed live object."""

RENAMED = (*CONSTRAINT_PHASES, "table", "column", "index", "enum type")
# In a schema, objects of these kinds cannot have the same name. Views share this namespace, but the
# script drops extra views first.
ONE_NAMESPACE = (
    *("table", "sequence", "index"),
    *("primary key", "unique constraint", "exclusion constraint"),
)


def find_renames(drifts: Iterable[Drift], expected: Catalog, live: Catalog) -> Renames:
    """Return the live objects that differ only in name from exactly one expected object.

    The expected object may be missing, or another object may have its name.
    """
    wanted, found = defaultdict(list), defaultdict(list)
    for key in dict.fromkeys(_drifting_keys(drifts)):
        if _cannot_be_renamed(key, live):
            continue
        if key in expected:
            wanted[_content(key, expected)].append(key)
        if key in live:
            found[_content(key, live)].append(key)
    pairs = {
        found[content][0]: wanted[content][0]
        for content in found
        if len(found[content]) == len(wanted[content]) == 1 and found[content] != wanted[content]
    }
    tables = {key.name for pair in pairs.items() for key in pair if key.kind == "table"}
    # Renaming a table also restores the parts of the table.
    renames = {key: pairs[key] for key in pairs if key.table not in tables}
    # Each renaming that is left out can block others.
    while blocked := [key for key in renames if _is_blocked(key, renames, expected, live)]:
        for key in blocked:
            del renames[key]
    return renames


def _drifting_keys(drifts: Iterable[Drift]) -> Iterator[Key]:
    """Yield the drifting objects that can be renamed, and the tables of drifting parts."""
    for drift in drifts:
        if drift.key.kind in RENAMED:
            yield drift.key
        if drift.key.table:
            yield Key("table", "", drift.key.table)


def _cannot_be_renamed(key: Key, live: Catalog) -> bool:
    """Return whether Citus cannot rename the object, because it is a constraint without index."""
    return key.kind in ("foreign key", "check") and is_on_cluster(key.table, live)


def _content(key: Key, catalog: Catalog) -> str:
    """Return the attributes and a table's columns as text, without the object's own name."""
    attributes: dict[str, Any] = _without_null(catalog[key])
    if key.kind == "index":
        attributes["definition"] = _replace_names(attributes["definition"], {key.name: ""})
    if key.kind == "table":
        attributes["columns"] = {
            part.name: _without_null(catalog[part])
            for part in parts_of(key.name, "column", catalog)
        }
    return json.dumps([key.kind, key.table, attributes], sort_keys=True)


def _without_null(attributes: Attributes) -> dict[str, Any]:
    """Return the attributes that are not None, as in a snapshot."""
    return {name: value for name, value in attributes.items() if value is not None}


def _is_blocked(key: Key, renames: Renames, expected: Catalog, live: Catalog) -> bool:
    """Return whether a live object that cannot be renamed has the expected name."""
    holder = _object_with_name(renames[key], live)
    return bool(holder and holder not in renames and not _is_replaceable(holder, expected, live))


def _object_with_name(name: Key, live: Catalog) -> Key | None:
    """Return the live object whose name prevents a renaming to `name`."""
    return next((key for key in live if key.name == name.name and _collide(key, name)), None)


def _collide(key: Key, other: Key) -> bool:
    """Return whether the two objects must have different names."""
    if key.kind in ONE_NAMESPACE and other.kind in ONE_NAMESPACE:
        return True
    same_kind = key.kind == other.kind or {key.kind, other.kind} <= CONSTRAINT_PHASES.keys()
    return same_kind and key.table == other.table


def _is_replaceable(key: Key, expected: Catalog, live: Catalog) -> bool:
    """Return whether the script may rename and drop the object, so that its name becomes free."""
    if key.kind == "column" and key in expected:
        different = differing(expected[key], live[key])
        return "type" in different or len(different) > 1
    return key.kind == "table"


def rename_back(drift: Drift, renames: Renames, live: Catalog) -> list[Statement]:
    """Return the statements that rename the object or, failing this, the objects in its text."""
    about = [key for key in renames if _concerns(drift, key, renames[key])]
    return [
        statement
        for key in about or _renames_in_text(drift, renames)
        for statement in _restore_name(key, renames, live)
    ]


def _concerns(drift: Drift, key: Key, expected: Key) -> bool:
    """Return whether the drift concerns the renamed object, or a part of the renamed table."""
    if drift.key in (key, expected):
        return True
    return key.kind == "table" and drift.key.table in (key.name, expected.name)


def _renames_in_text(drift: Drift, renames: Renames) -> list[Key]:
    """Return the renamed objects in the found text, if the text differs only in their names."""
    if not isinstance(drift.found, str):
        return []
    of_same_table_last = sorted(renames, key=lambda key: key.table == drift.key.table)
    names = {key.name: renames[key].name for key in of_same_table_last}
    if drift.expected != _replace_names(drift.found, names):
        return []
    return [key for key in renames if _replace_names(drift.found, {key.name: ""}) != drift.found]


def _replace_names(text: str, names: Mapping[str, str]) -> str:
    if not names:
        return text
    old = "|".join(map(re.escape, names))
    return re.sub(rf"\b(?:{old})\b", lambda match: names[match[0]], text)


def _restore_name(key: Key, renames: Renames, live: Catalog) -> Iterator[Statement]:
    name = renames[key].name
    holder = _object_with_name(renames[key], live)
    if not holder:
        yield _rename(key, key.name, name)
    else:
        if holder not in renames:
            yield from _set_aside(holder)
        # Rename in two steps, because the holder may free the name only in a later statement.
        yield _rename(key, key.name, f"new_{name}")
        yield _rename(key, f"new_{name}", name, rank=1)


def _set_aside(key: Key) -> Iterator[Statement]:
    """Rename the table or column, and drop it with a destructive statement."""
    name = f"old_{key.name}"
    yield _rename(key, key.name, name)
    if key.kind == "column":
        yield alter_table(Phase.DROP_COLUMNS, key, f"DROP COLUMN {quote(name)}", destructive=True)
    else:
        yield Statement(Phase.DROP_TABLES, f"DROP TABLE {quote(name)};", destructive=True)


def _rename(key: Key, old: str, new: str, rank: int = 0) -> Statement:
    part = "COLUMN" if key.kind == "column" else "CONSTRAINT"
    if key.kind in ("column", "foreign key", "check"):
        sql = f"ALTER TABLE {quoted_table(key.table)} RENAME {part} {quote(old)} TO {quote(new)};"
    else:  # Citus renames a constraint only together with its index
        kind = "index" if key.kind in CONSTRAINT_PHASES else key.kind
        sql = f"ALTER {kind_and_name(Key(kind, key.table, old))} RENAME TO {quote(new)};"
    return Statement(Phase.RENAME, sql, rank=rank)
