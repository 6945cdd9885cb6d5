"""Enum types with other labels."""

import re
from collections.abc import Iterator

from config.drift.repair.create import create
from config.drift.repair.drop import is_of_type, remake_mentioning
from config.drift.repair.retype import retype
from config.drift.repair.statements import Statement, Step, items
from config.postgres.catalog import Catalog, Key, literal, quote


def relabel(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Rename labels, or add them, or else put another type in the place of this one."""
    wanted, found = items(expected[key]["labels"]), items(live[key]["labels"])
    others = [(old, new) for old, new in zip(found, wanted, strict=False) if old != new]
    if len(wanted) == len(found) and not {old for old, _ in others} & {new for _, new in others}:
        for old, new in others:
            yield _alter_type(key, f"RENAME VALUE {literal(old)} TO {literal(new)}")
    elif [label for label in wanted if label in found] == found:
        first = f" BEFORE {literal(found[0])}" if found else ""
        for position, label in enumerate(wanted):
            if label not in found:
                place = f" AFTER {literal(wanted[position - 1])}" if position else first
                yield _alter_type(key, f"ADD VALUE {literal(label)}{place}")
    else:
        yield from _replace_type(key, expected, live)


def _alter_type(key: Key, action: str) -> Statement:
    return Statement(Step.TYPES, f"ALTER TYPE {quote(key.name)} {action};")


def _replace_type(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Refused by PostgreSQL where a row has a label that is to go."""
    old = f"{key.name}_old"
    yield from remake_mentioning(rf"::\"?{re.escape(key.name)}\b", expected, live)
    yield _alter_type(key, f"RENAME TO {quote(old)}")
    yield from create(key, expected)
    for column, attributes in live.items():
        is_extra_computed = column not in expected and attributes.get("generated")
        if (
            column.kind == "column"
            and is_of_type(attributes, key.name)
            and not is_extra_computed  # which goes
        ):
            yield from retype(column, expected, live)
    yield Statement(Step.DROP_TYPES, f"DROP TYPE {quote(old)};", rank=1)
