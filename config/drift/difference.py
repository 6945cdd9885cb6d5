"""The differences between an expected and a live catalog. The module queries no database."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from config.postgres.catalog import Attributes, Catalog, Key, Value

type Problem = Literal["missing", "extra", "different"]

KIND_CODES = {
    "setting": "00",
    "migration": "01",
    "extension": "02",
    "table": "10",
    "partition": "11",
    "column": "20",
    "primary key": "30",
    "unique constraint": "31",
    "exclusion constraint": "32",
    "foreign key": "40",
    "check": "50",
    "index": "60",
    "enum type": "70",
    "domain": "71",
    "range type": "72",
    "composite type": "73",
    "sequence": "80",
    "view": "81",
    "object": "82",
    "trigger": "90",
    "rule": "91",
    "policy": "92",
}
PROBLEM_CODES: dict[Problem, str] = {"missing": "1", "extra": "2", "different": "3"}


MADE_SO = ("kind", "partition key")
"""The attributes that no statement can change; one of them stands for all others."""

# PostgreSQL prints `varchar IN (...)` in one way, and in another once it has read that, for example
# after a dump has been restored.
CASTS = re.compile(
    r"\(('(?:[^']|'')*+'::character varying)\)::text"
    r"|\((ARRAY\[(?:[^]']|'(?:[^']|'')*+')*+\])\)::text\[\]"
)


@dataclass(frozen=True)
class Drift:
    """An object that is missing or extra, or one attribute that differs."""

    key: Key
    problem: Problem
    attribute: str = ""
    expected: Value = None
    found: Value = None

    @property
    def code(self) -> str:
        """The letters VS, two digits for the kind and one for the problem; a code never changes."""
        return f"VS{KIND_CODES[self.key.kind]}{PROBLEM_CODES[self.problem]}"


def differences(expected: Catalog, live: Catalog) -> list[Drift]:
    """Return all differences, sorted by object.

    A table that is missing, extra, of another kind or divided otherwise stands for its parts. An
    expected object that has no attributes need only exist.
    """
    return [
        drift
        for key in sorted(expected.keys() | live.keys())
        if all(_kind(whole, expected) == _kind(whole, live) for whole in _wholes(key))
        for drift in _compare_object(key, expected.get(key), live.get(key))
    ]


def _wholes(part: Key) -> list[Key]:
    """Return the keys of the table or view that the object is part of, as both kinds."""
    return [Key(kind, "", part.table) for kind in ("table", "view") if part.table]


def _kind(whole: Key, catalog: Catalog) -> Value:
    """Return the kind of the table or view, and how it is divided; None if it is missing."""
    found = catalog.get(whole)
    return None if found is None else [found.get("kind"), found.get("partition key")]


def _compare_object(
    key: Key, expected: Attributes | None, found: Attributes | None
) -> Iterator[Drift]:
    if found is None:
        yield Drift(key, "missing")
    elif expected is None:
        yield Drift(key, "extra")
    elif not expected:
        return
    else:
        names = differing(expected, found)
        for name in [name for name in MADE_SO if name in names][:1] or sorted(names):
            yield Drift(key, "different", name, expected.get(name), found.get(name))


def differing(expected: Attributes, found: Attributes) -> set[str]:
    """Return the names of the attributes that differ; a missing attribute counts as None."""
    names = expected.keys() | found.keys()
    return {name for name in names if _differ(expected.get(name), found.get(name))}


def _differ(expected: Value, found: Value) -> bool:
    if isinstance(expected, str) and isinstance(found, str) and expected != found:
        return CASTS.sub(r"\1\2", expected) != CASTS.sub(r"\1\2", found)
    return expected != found


def is_of_schema(key: Key) -> bool:
    """Return whether the key names an object of the database, not a migration or a setting."""
    return key.kind not in ("migration", "setting")
