"""Objects that go by another name."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from config.database.catalog import Attributes, Catalog, Key
from config.database.diff import Drift
from config.database.repair.statements import CONSTRAINTS, Statement, Step, alter, keyword, quote

type Renames = Mapping[Key, Key]
"""By the live object that goes by another name, the expected one that is missing."""


def find_renames(drifts: Iterable[Drift], expected: Catalog, live: Catalog) -> Renames:
    """Extra objects that are, but for their name, just what one missing object should be."""
    missing, extra = defaultdict(list), defaultdict(list)
    for drift in drifts:
        if drift.key.kind in (*CONSTRAINTS, "table", "column", "index", "enum type"):
            if drift.problem == "missing":
                missing[_but_for_name(drift.key, expected)].append(drift.key)
            elif drift.problem == "extra":
                extra[_but_for_name(drift.key, live)].append(drift.key)
    return {
        extra[like][0]: missing[like][0]
        for like in extra
        if len(extra[like]) == len(missing[like]) == 1
    }


def _but_for_name(key: Key, catalog: Catalog) -> str:
    """All of the object that outlasts a renaming; of a table, its columns are enough to know it."""
    attributes: dict[str, Any] = _set(catalog[key])
    if key.kind == "index":
        attributes["definition"] = _renamed(attributes["definition"], key.name, "")
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


def rename_back(drift: Drift, renames: Renames) -> list[Statement]:
    """The renaming of the object itself, or of one that makes all the difference in `drift`."""
    return list(_renamings(drift, renames))


def _renamings(drift: Drift, renames: Renames) -> Iterator[Statement]:
    for key, name in renames.items():
        if drift.key in (key, name):
            yield _rename(key, name.name)
    if isinstance(drift.found, str):
        for key, name in renames.items():
            if drift.expected == _renamed(drift.found, key.name, name.name) != drift.found:
                yield _rename(key, name.name)


def _renamed(text: str, old: str, new: str) -> str:
    return re.sub(rf"\b{re.escape(old)}\b", lambda _: new, text)


def _rename(key: Key, name: str) -> Statement:
    if key.kind == "column":
        action = f"RENAME COLUMN {quote(key.name)} TO {quote(name)}"
        return alter(Step.RENAME, key, action)
    if key.kind in CONSTRAINTS:
        action = f"RENAME CONSTRAINT {quote(key.name)} TO {quote(name)}"
        return alter(Step.RENAME, key, action)
    sql = f"ALTER {keyword(key, {})} {quote(key.name)} RENAME TO {quote(name)};"
    return Statement(Step.RENAME, sql)
