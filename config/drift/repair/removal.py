"""The SQL that drops extra objects, and objects that prevent a repair."""

import json
import re
from collections.abc import Iterator

from config.drift.repair.conversion import is_lossy
from config.drift.repair.creation import create
from config.drift.repair.phases import (
    CONSTRAINT_PHASES,
    Phase,
    Statement,
    alter_table,
    kind_and_name,
    quoted_table,
)
from config.postgres.catalog import Attributes, Catalog, Key, quote

DROP_PHASES = {
    "view": Phase.DROP_VIEWS,
    "foreign key": Phase.DROP_FOREIGN_KEYS,
    "table": Phase.DROP_TABLES,
    "sequence": Phase.DROP_SEQUENCES,
    "enum type": Phase.DROP_TYPES,
    "domain": Phase.DROP_TYPES,
    "range type": Phase.DROP_TYPES,
    "composite type": Phase.DROP_TYPES,
}


def drop(key: Key, expected: Catalog, live: Catalog) -> Statement:
    """Return the statement that drops a live object."""
    if key.kind == "column":
        # A generated column can be computed again, and may prevent changes of its source columns.
        is_generated = bool(live[key].get("generated"))
        phase = Phase.DROP_PARTS if is_generated else Phase.DROP_COLUMNS
        return alter_table(
            phase, key, f"DROP COLUMN {quote(key.name)}", destructive=not is_generated
        )
    phase = DROP_PHASES.get(key.kind, Phase.DROP_PARTS)
    if key.kind in CONSTRAINT_PHASES:
        return alter_table(phase, key, f"DROP CONSTRAINT {quote(key.name)}")
    if key.kind == "object":
        return _drop_object(live[key], expected, live)
    subject = kind_and_name(key, live[key])
    if key.kind in ("trigger", "rule", "policy"):
        subject += f" ON {quoted_table(key.table)}"
    elif key.kind == "sequence":  # an earlier DROP COLUMN may have dropped the sequence
        subject = f"SEQUENCE IF EXISTS {quote(key.name)}"
    destructive = key.kind in ("table", "sequence") or (
        phase == Phase.DROP_TYPES and _is_in_use(key.name, expected, live)
    )
    return Statement(phase, f"DROP {subject};", destructive)


def _drop_object(found: Attributes, expected: Catalog, live: Catalog) -> Statement:
    kind, identity = str(found["kind"]), str(found["identity"])
    name = re.escape(identity.partition("(")[0].rpartition(".")[2])
    in_use = any(
        re.search(rf"(?<!\w){name}(?!\w)", json.dumps(live[key]))
        for key in live
        if _is_dropped_destructively(key, expected)
    )
    # Operators and aggregates depend on functions.
    is_function = kind in ("function", "procedure")
    phase = Phase.DROP_FUNCTIONS if is_function else Phase.DROP_OBJECTS
    return Statement(phase, f"DROP {kind.upper()} {identity};", in_use)


def _is_dropped_destructively(key: Key, expected: Catalog) -> bool:
    """Return whether the object is an extra column, or part of an extra table."""
    if key.kind == "column":
        return key not in expected
    return bool(key.table) and Key("table", "", key.table) not in expected


def _is_in_use(name: str, expected: Catalog, live: Catalog) -> bool:
    """Return whether a column or table uses the type until a destructive repair has run."""
    users = {
        key: str(attributes["type" if key.kind == "column" else "of type"])
        for key, attributes in live.items()
        if key.kind == "column" or attributes.get("of type")
    }
    return any(
        key not in expected
        or (key.kind == "column" and is_lossy(type_name, str(expected[key]["type"])))
        for key, type_name in users.items()
        if is_type(type_name, name)
    )


def is_type(rendered: str, name: str) -> bool:
    """Return whether `rendered`, the output of format_type(), is the type `name` or its array."""
    return rendered.removesuffix("[]") in (name, quote(name))


def recreate_mentioning(
    pattern: str, expected: Catalog, live: Catalog, table: str = ""
) -> Iterator[Statement]:
    """Drop and recreate the constraints and indexes whose definitions match `pattern`."""
    for key, attributes in live.items():
        is_candidate = key in expected and key.table and table in ("", key.table)
        if is_candidate and re.search(pattern, str(attributes.get("definition"))):
            yield drop(key, expected, live)
            yield from create(key, expected)
