"""Objects that are extra, or in the way."""

import json
import re
from collections.abc import Iterator

from config.drift.repair.conversion import is_lossy
from config.drift.repair.create import create
from config.drift.repair.statements import CONSTRAINTS, Statement, Step, alter, keyword
from config.postgres.catalog import Attributes, Catalog, Key, quote

DROPS = {
    "view": Step.DROP_VIEWS,
    "foreign key": Step.DROP_FOREIGN_KEYS,
    "table": Step.DROP_TABLES,
    "sequence": Step.DROP_SEQUENCES,
    "enum type": Step.DROP_TYPES,
    "domain": Step.DROP_TYPES,
    "range type": Step.DROP_TYPES,
    "composite type": Step.DROP_TYPES,
}


def drop(key: Key, expected: Catalog, live: Catalog) -> Statement:
    if key.kind == "column":
        return _drop_column(key, live[key])
    if key.kind in CONSTRAINTS:
        step = DROPS.get(key.kind, Step.DROP_PARTS)
        return alter(step, key, f"DROP CONSTRAINT {quote(key.name)}")
    if key.kind == "object":
        return _drop_object(live[key], expected, live)
    name = quote(key.name)
    if key.kind in ("trigger", "rule", "policy"):
        name += f" ON {quote(key.table)}"
    elif key.kind == "sequence":  # which may have gone with its column
        name = f"IF EXISTS {name}"
    step = DROPS.get(key.kind, Step.DROP_PARTS)
    destructive = key.kind in ("table", "sequence") or (
        step == Step.DROP_TYPES and _is_in_use(key.name, expected, live)
    )
    return Statement(step, f"DROP {keyword(key, live[key])} {name};", destructive)


def _drop_column(key: Key, found: Attributes) -> Statement:
    """One that is computed from others is in their way, and holds nothing of its own."""
    step = Step.DROP_PARTS if found.get("generated") else Step.DROP_COLUMNS
    return alter(step, key, f"DROP COLUMN {quote(key.name)}", not found.get("generated"))


def _drop_object(found: Attributes, expected: Catalog, live: Catalog) -> Statement:
    kind, identity = str(found["kind"]), str(found["identity"])
    last = kind in ("function", "procedure")  # of which operators and aggregates are made
    name = re.escape(identity.partition("(")[0].rpartition(".")[2])
    in_use = any(
        re.search(rf"(?<!\w){name}(?!\w)", json.dumps(live[key]))
        for key in live
        if _goes_only_destructively(key, expected)
    )
    step = Step.DROP_FUNCTIONS if last else Step.DROP_OBJECTS
    return Statement(step, f"DROP {kind.upper()} {identity};", in_use)


def _goes_only_destructively(key: Key, expected: Catalog) -> bool:
    """Whether the object is an extra column, or part of an extra table."""
    if key.kind == "column":
        return key not in expected
    return bool(key.table) and Key("table", "", key.table) not in expected


def _is_in_use(name: str, expected: Catalog, live: Catalog) -> bool:
    """Whether a column is of the type, and does not get another but by a destructive repair.

    Or a table that is extra, which only a destructive repair takes away.
    """
    if any(
        is_of_type({"type": attributes["of type"]}, name)
        for key, attributes in live.items()
        if key not in expected and attributes.get("of type")
    ):
        return True
    return any(
        key not in expected or is_lossy(str(attributes["type"]), str(expected[key]["type"]))
        for key, attributes in live.items()
        if key.kind == "column" and is_of_type(attributes, name)
    )


def is_of_type(column: Attributes, name: str) -> bool:
    return str(column["type"]).removesuffix("[]") in (name, quote(name))


def remake_mentioning(
    pattern: str, expected: Catalog, live: Catalog, table: str = ""
) -> Iterator[Statement]:
    """Take away the constraints and indexes that are in the way, and bring them back."""
    for key, attributes in live.items():
        is_there = key in expected and key.table and table in ("", key.table)
        if is_there and re.search(pattern, str(attributes.get("definition"))):
            yield drop(key, expected, live)
            yield from create(key, expected)
