"""The differences between an expected and a live catalog, attribute by attribute."""

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

UNALTERABLE = ("kind", "partition key")
"""The attributes that no ALTER can change. The first one that differs is reported alone."""

# PostgreSQL prints `varchar IN (...)` with these casts. After a dump has been restored, it prints
# them at another place in the expression.
TEXT_CASTS = re.compile(
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
        """The stable code: VS, two digits for the kind and one for the problem."""
        return f"VS{KIND_CODES[self.key.kind]}{PROBLEM_CODES[self.problem]}"


def differences(expected: Catalog, live: Catalog) -> list[Drift]:
    """Return all differences, sorted by object.

    Leave out the parts of a table or view that is missing, extra, or of another kind or partition
    key. An expected object without attributes only has to exist.
    """
    keys = expected.keys() | live.keys()
    incomparable = {
        key.name
        for key in keys
        if key.kind in ("table", "view")
        and kind_and_partition_key(key, expected) != kind_and_partition_key(key, live)
    }
    return [
        drift
        for key in sorted(keys)
        if key.table not in incomparable
        for drift in _compare_object(key, expected.get(key), live.get(key))
    ]


def _compare_object(
    key: Key, expected: Attributes | None, found: Attributes | None
) -> Iterator[Drift]:
    if found is None:
        yield Drift(key, "missing")
    elif expected is None:
        yield Drift(key, "extra")
    elif expected:
        names = differing(expected, found)
        for name in [name for name in UNALTERABLE if name in names][:1] or sorted(names):
            yield Drift(key, "different", name, expected.get(name), found.get(name))


def differing(expected: Attributes, found: Attributes) -> set[str]:
    """Return the names of the attributes that differ. A missing attribute counts as None."""
    if expected == found:
        return set()
    names = expected.keys() | found.keys()
    return {name for name in names if _differ(expected.get(name), found.get(name))}


def _differ(expected: Value, found: Value) -> bool:
    if isinstance(expected, str) and isinstance(found, str) and expected != found:
        return TEXT_CASTS.sub(r"\1\2", expected) != TEXT_CASTS.sub(r"\1\2", found)
    return expected != found


def is_database_object(key: Key) -> bool:
    """Return whether the key names an object of the database, not a migration or a setting."""
    return key.kind not in ("migration", "setting")


def kind_and_partition_key(relation: Key, catalog: Catalog) -> Value:
    """Return the kind and the partition key of a table or view, or None if it is missing."""
    found = catalog.get(relation)
    return None if found is None else [found.get("kind"), found.get("partition key")]


def mentions(definition: str, name: str) -> bool:
    """Return whether the definition contains the name as a word."""
    return re.search(rf"\b{re.escape(name)}\b", definition) is not None


def parts_of(table: str, kind: str, catalog: Catalog) -> list[Key]:
    """Return the keys of the table's parts of this kind, in the order of the catalog."""
    return [key for key in catalog if (key.kind, key.table) == (kind, table)]
