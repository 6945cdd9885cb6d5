"""The changes of an enum type's labels."""

import re
from collections.abc import Iterator

from config.drift.repair.creation import create
from config.drift.repair.removal import is_type, remake_mentioning
from config.drift.repair.retyping import retype
from config.drift.repair.statements import Phase, Statement, items
from config.postgres.catalog import Catalog, Key, literal, quote


def relabel(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Rename labels or add them; if neither is enough, replace the type."""
    wanted, found = items(expected[key]["labels"]), items(live[key]["labels"])
    renamed = {old: new for old, new in zip(found, wanted, strict=False) if old != new}
    if len(wanted) == len(found) and not renamed.keys() & set(renamed.values()):
        for old, new in renamed.items():
            yield _alter_type(key, f"RENAME VALUE {literal(old)} TO {literal(new)}")
    elif [label for label in wanted if label in found] == found:
        first = f" BEFORE {literal(found[0])}" if found else ""
        for position, label in enumerate(wanted):
            if label not in found:
                place = f" AFTER {literal(wanted[position - 1])}" if position else first
                # Other servers of a cluster may still have the label.
                yield _alter_type(key, f"ADD VALUE IF NOT EXISTS {literal(label)}{place}")
    else:
        yield from _replace_type(key, expected, live)


def _alter_type(key: Key, action: str) -> Statement:
    return Statement(Phase.TYPES, f"ALTER TYPE {quote(key.name)} {action};")


def _replace_type(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Replace the type by a new one, and convert its columns.

    PostgreSQL refuses the conversion if a row still has a removed label.
    """
    old = quote(f"old_{key.name}")  # even if it is cut to 63 bytes, it differs from the name
    yield from remake_mentioning(rf"::\"?{re.escape(key.name)}\b", expected, live)
    yield _alter_type(key, f"RENAME TO {old}")
    yield from create(key, expected)
    for column, attributes in live.items():
        if column.kind == "column" and is_type(str(attributes["type"]), key.name):
            is_dropped = column not in expected and attributes.get("generated")
            if not is_dropped:
                yield from retype(column, expected, live)
    yield Statement(Phase.DROP_TYPES, f"DROP TYPE {old};", rank=1)
