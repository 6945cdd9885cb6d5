"""The SQL that changes the labels of an enum type."""

import re
from collections.abc import Iterator

from config.drift.repair.creation import create
from config.drift.repair.phases import Phase, Statement, as_list
from config.drift.repair.removal import is_type, recreate_mentioning
from config.drift.repair.retyping import retype
from config.postgres.catalog import Catalog, Key, literal, quote


def relabel(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Rename or add labels, or replace the type if neither is enough."""
    wanted, found = as_list(expected[key]["labels"]), as_list(live[key]["labels"])
    renamed = {old: new for old, new in zip(found, wanted, strict=False) if old != new}
    if len(wanted) == len(found) and not renamed.keys() & set(renamed.values()):
        for old, new in renamed.items():
            yield _alter_type(key, f"RENAME VALUE {literal(old)} TO {literal(new)}")
    elif [label for label in wanted if label in found] == found:
        first = f" BEFORE {literal(found[0])}" if found else ""
        for position, label in enumerate(wanted):
            if label not in found:
                place = f" AFTER {literal(wanted[position - 1])}" if position else first
                # On a Citus cluster, another server may already have the label.
                yield _alter_type(key, f"ADD VALUE IF NOT EXISTS {literal(label)}{place}")
    else:
        yield from _replace_type(key, expected, live)


def _alter_type(key: Key, action: str) -> Statement:
    return Statement(Phase.TYPES, f"ALTER TYPE {quote(key.name)} {action};")


def _replace_type(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Replace the type and convert its columns. This fails if a row has a removed label."""
    old = quote(f"old_{key.name}")  # a prefix, because PostgreSQL cuts off names after 63 bytes
    yield from recreate_mentioning(rf"::\"?{re.escape(key.name)}\b", expected, live)
    yield _alter_type(key, f"RENAME TO {old}")
    yield from create(key, expected)
    for column, attributes in live.items():
        if column.kind == "column" and is_type(str(attributes["type"]), key.name):
            is_dropped = column not in expected and attributes.get("generated")
            if not is_dropped:
                yield from retype(column, expected, live)
    yield Statement(Phase.DROP_TYPES, f"DROP TYPE {old};", rank=1)
