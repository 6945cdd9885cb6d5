"""What is expected of partitions: the months that there are, each like a fresh one, without a gap.

What a fresh partition has is read from the default one that PostgreSQL makes with the expected
table. What differs in the table itself is not repeated for each of its partitions.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from config.drift.bounds import Bound, month_at, months_from, read_bound
from config.drift.difference import differing
from config.drift.schemas import SEPARATOR
from config.postgres import DETACHED, LONGEST_GAP, UNFINISHED, month_name
from config.postgres.catalog import Attributes, Catalog, Key

DEFAULT = "DEFAULT"
COMMENTS = {"comment", "index comment"}


def with_partitions(expected: Catalog, live: Catalog, schema: str) -> tuple[Catalog, Catalog]:
    """Return both catalogs, with what is expected of the live partitions of the schema's tables.

    Partitions that were detached and not dropped are parts of their table, too.
    """
    for table in [key for key in expected if expected[key].get("partition key")]:
        live = _with_column_named(table, expected, live)
        if table in live and not differing(_division(expected[table]), _division(live[table])):
            divided = _Divided(table.name, schema, expected, live)
            live = divided.with_detached()
            expected = divided.with_expected()
    return expected, live


def _with_column_named(table: Key, expected: Catalog, live: Catalog) -> Catalog:
    """Return the live catalog with the expected partition key if just its column was renamed."""
    wanted, found = (_key_column(table, catalog) for catalog in (expected, live))
    is_renamed = wanted in expected and found in live and wanted not in live
    if not is_renamed or found in expected or differing(expected[wanted], live[found]):
        return live
    return {**live, table: {**live[table], "partition key": expected[table]["partition key"]}}


def _key_column(table: Key, catalog: Catalog) -> Key:
    """Return the column that divides the table."""
    partition_key = str(catalog.get(table, {}).get("partition key"))
    _, _, column = partition_key.removesuffix(")").partition("RANGE (")
    return Key("column", table.name, column.removeprefix('"').removesuffix('"').replace('""', '"'))


def _division(table: Attributes) -> Attributes:
    return {name: table.get(name) for name in ("kind", "partition key")}


class _Divided:
    """A table that is divided as it should be, and its partitions."""

    def __init__(self, table: str, schema: str, expected: Catalog, live: Catalog) -> None:
        self.table = table
        self.schema = table.rpartition(SEPARATOR)[0] or schema
        self.expected = dict(expected)
        self.live = dict(live)
        [self.default] = self._partitions(expected)
        self.fresh = expected[self.default]

    def _partitions(self, catalog: Catalog) -> list[Key]:
        return [key for key in catalog if key.kind == "partition" and key.table == self.table]

    def _bounds(self) -> list[tuple[Bound, Key]]:
        """Return the ranges of the live partitions, in order."""
        bounds = ((read_bound(_bound(self.live[key])), key) for key in self._partitions(self.live))
        return sorted((bound, key) for bound, key in bounds if bound)

    # Partitions that were detached

    def with_detached(self) -> Catalog:
        """Return the live catalog with tables that look like partitions as such."""
        for key in [key for key in self.live if key.kind == "table" and key not in self.expected]:
            bound = self._bound_of(key)
            if bound and self._columns(self.live, key.name) == self._columns(self.live, self.table):
                self.live = {
                    part: attributes
                    for part, attributes in self.live.items()
                    if part != key and part.table != key.name
                }
                partition = Key("partition", self.table, _bare(key.name))
                self.live[partition] = {"attached": "no", "partition bound": bound}
        return self.live

    def _bound_of(self, key: Key) -> str:
        """Return the bound that the table's name says; nothing if it cannot be a partition."""
        partitions = [self.live[partition] for partition in self._partitions(self.live)]
        found = self.live[key]
        if found.get("kind") != "table" or found.get("inherits") or found["comment"] == UNFINISHED:
            return ""
        note = DETACHED.format(table=self._full_name(), name=_bare(key.name))
        if str(found["comment"]).startswith(note):
            return str(found["comment"]).removeprefix(note)
        if _bare(key.name) == self.default.name:
            return "" if DEFAULT in map(_bound, partitions) else DEFAULT
        named = re.search(r"_(\d{4})_(0[1-9]|1[0-2])$", key.name)
        if not named or named[1] in ("0000", "9999"):  # datetime has no year before or after
            return ""
        month = month_at(datetime(int(named[1]), int(named[2]), 1, tzinfo=UTC))
        is_free = not any(month.overlaps(bound) for bound, _ in self._bounds())
        return self._sql(month) if is_free and key.name == self._name(month) else ""

    def _full_name(self) -> str:
        return f"{self.schema}.{_bare(self.table)}"

    @staticmethod
    def _columns(catalog: Catalog, table: str) -> dict[str, object]:
        return {
            key.name: catalog[key]["type"]
            for key in catalog
            if key.kind == "column" and key.table == table
        }

    def _name(self, month: Bound) -> str:
        return month_name(self.table, month.start.date())

    def _sql(self, bound: Bound) -> str:
        column = _key_column(Key("table", "", self.table), self.expected)
        return bound.sql(str(self.expected[column]["type"]))

    # Expected partitions

    def with_expected(self) -> Catalog:
        """Return the expected catalog with what is expected of the live partitions."""
        for key in self._partitions(self.live):
            if _bound(self.live[key]) == DEFAULT:
                self.expected.pop(self.default, None)
            self.expected[key] = self._wanted(key)
        for key, bound in self._without_gaps():
            wanted = self.expected.get(key, self.fresh)
            present = read_bound(_bound(wanted)) or bound
            whole = Bound(min(present.start, bound.start), max(present.end, bound.end))
            self.expected[key] = {**wanted, "partition bound": self._sql(whole)}
        return self.expected

    def _wanted(self, key: Key) -> Attributes:
        found = self.live[key]
        if found["attached"] != "yes":
            return {**found, "attached": "yes"}
        if found.get("schema"):
            return {**found, "schema": self.schema}
        if found.get("kind") != self.fresh["kind"]:
            return {**found, "kind": self.fresh["kind"]}
        wanted = {name: self._value(name, found) for name in {**self.fresh, **found}}
        wanted |= {name: found[name] for name in ("attached", "partition bound", "schema")}
        if found["partition bound"] == DEFAULT and key != self.default:
            self.live[key] = {**found, "name": key.name}
            wanted["name"] = self.default.name
        return wanted

    def _value(self, name: str, found: Attributes) -> Any:
        """Return what a fresh partition has, or what there is if nothing is to be done here."""
        wanted, value = self.fresh.get(name), found.get(name)
        if not differing({name: wanted}, {name: value}):
            return value
        sides = [item for item in (wanted, value) if isinstance(item, Mapping)]
        if not sides:
            return wanted
        is_alike = len(sides) == 2 and not differing(*sides)
        return value if is_alike or self._drifts(name) else wanted

    def _drifts(self, name: str) -> bool:
        """Return whether the part of the table that the partition's part was made after drifts."""
        for key in self.expected.keys() | self.live.keys():
            if key.table == self.table and f"{key.kind} {key.name}" == name:
                if key not in self.expected or key not in self.live or not self.expected[key]:
                    return True
                return bool(differing(self.expected[key], self.live[key]) - COMMENTS)
        return False

    # Gaps

    def _without_gaps(self) -> Iterator[tuple[Key, Bound]]:
        """Yield the partitions that would close the gaps: missing months, or others made wider.

        Before the first and after the last partition that is attached, none is missing: months are
        detached because they are old.
        """
        bounds = self._bounds()
        inner = [n for n, (_, key) in enumerate(bounds) if self.live[key]["attached"] != "no"]
        for (before, before_key), (after, after_key) in pairwise(
            bounds[min(inner, default=0) : max(inner, default=0) + 1]
        ):
            first, last = before.end, after.start
            if first >= last or last - first > LONGEST_GAP:
                continue
            if first != month_at(first).start:
                first = min(month_at(first).end, last)
                yield before_key, Bound(before.start, first)
            if month_at(last).start >= first and last != month_at(last).start:
                yield after_key, Bound(month_at(last).start, after.end)
                last = month_at(last).start
            for month in months_from(first, last):
                yield Key("partition", self.table, _bare(self._name(month))), month


def _bound(attributes: Attributes) -> str:
    return str(attributes["partition bound"])


def _bare(name: str) -> str:
    return name.rpartition(SEPARATOR)[2]
