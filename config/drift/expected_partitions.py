"""The expected partitions: all live partitions, and the months that are missing between them.

A partition is expected to have the attributes of the expected default partition. A difference in
the partitioned table itself is not reported again for each of its partitions.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from config.drift.difference import differing, kind_and_partition_key, parts_of
from config.drift.month_bounds import Bound, month_at, read_bound
from config.drift.other_schemas import SEPARATOR
from config.postgres import DETACHED, LONGEST_GAP, UNFINISHED, month_name
from config.postgres.catalog import Attributes, Catalog, Key

DEFAULT = "DEFAULT"
COMMENTS = {"comment", "index comment"}


def with_partitions(expected: Catalog, live: Catalog, schema: str) -> tuple[Catalog, Catalog]:
    """Return the expected catalog with all expected partitions, and the live catalog.

    In the returned live catalog, a detached partition is a part of its former table.
    """
    for table in [key for key in expected if expected[key].get("partition key")]:
        live = _with_expected_key_column(table, expected, live)
        if kind_and_partition_key(table, expected) == kind_and_partition_key(table, live):
            partitioned = _PartitionedTable(table.name, schema, expected, live)
            live = partitioned.with_detached()
            expected = partitioned.with_expected()
    return expected, live


def _with_expected_key_column(table: Key, expected: Catalog, live: Catalog) -> Catalog:
    """Put the expected partition key into the live catalog if only its column was renamed."""
    wanted, found = (_partition_key_column(table, catalog) for catalog in (expected, live))
    is_renamed = wanted in expected and found in live and wanted not in live
    if not is_renamed or found in expected or differing(expected[wanted], live[found]):
        return live
    return {**live, table: {**live[table], "partition key": expected[table]["partition key"]}}


def _partition_key_column(table: Key, catalog: Catalog) -> Key:
    partition_key = str(catalog.get(table, {}).get("partition key"))
    _, _, column = partition_key.removesuffix(")").partition("RANGE (")
    return Key("column", table.name, column.removeprefix('"').removesuffix('"').replace('""', '"'))


class _PartitionedTable:
    """A table whose live partition key is the expected one, and its partitions."""

    def __init__(self, table: str, schema: str, expected: Catalog, live: Catalog) -> None:
        self.table = table
        self.schema = table.rpartition(SEPARATOR)[0] or schema
        self.expected = dict(expected)
        self.live = dict(live)
        [self.default] = self._partitions(expected)
        self.template = expected[self.default]

    def _partitions(self, catalog: Catalog) -> list[Key]:
        return parts_of(self.table, "partition", catalog)

    def _sorted_ranges(self) -> list[tuple[Bound, Key]]:
        """Return the live partitions that are ranges, with their bounds, in ascending order."""
        partitions = self._partitions(self.live)
        bounds = {key: read_bound(_bound_text(self.live[key])) for key in partitions}
        return sorted((bound, key) for key, bound in bounds.items() if bound)

    # Detached partitions

    def with_detached(self) -> Catalog:
        """Turn tables that look like detached partitions into partitions of the live catalog."""
        for key in [key for key in self.live if key.kind == "table" and key not in self.expected]:
            bound = self._former_bound(key)
            if bound and self._columns(self.live, key.name) == self._columns(self.live, self.table):
                self.live = {
                    part: attributes
                    for part, attributes in self.live.items()
                    if part != key and part.table != key.name
                }
                partition = Key("partition", self.table, _without_schema(key.name))
                self.live[partition] = {"attached": "no", "partition bound": bound}
        return self.live

    def _former_bound(self, key: Key) -> str:
        """Return the former bound from the table's comment or name, or '' if neither has one."""
        partitions = [self.live[partition] for partition in self._partitions(self.live)]
        found = self.live[key]
        if found.get("kind") != "table" or found.get("inherits") or found["comment"] == UNFINISHED:
            return ""
        full_name = f"{self.schema}.{_without_schema(self.table)}"
        note = DETACHED.format(table=full_name, name=_without_schema(key.name))
        if str(found["comment"]).startswith(note):
            return str(found["comment"]).removeprefix(note)
        if _without_schema(key.name) == self.default.name:
            return "" if DEFAULT in map(_bound_text, partitions) else DEFAULT
        named = re.search(r"_(\d{4})_(0[1-9]|1[0-2])$", key.name)
        if not named or named[1] in ("0000", "9999"):  # datetime lacks year 0 and the end of 9999
            return ""
        month = month_at(datetime(int(named[1]), int(named[2]), 1, tzinfo=UTC))
        is_free = not any(month.overlaps(bound) for bound, _ in self._sorted_ranges())
        return self._bound_sql(month) if is_free and key.name == self._month_table(month) else ""

    @staticmethod
    def _columns(catalog: Catalog, table: str) -> dict[str, object]:
        return {key.name: catalog[key]["type"] for key in parts_of(table, "column", catalog)}

    def _month_table(self, month: Bound) -> str:
        return month_name(self.table, month.start.date())

    def _bound_sql(self, bound: Bound) -> str:
        column = _partition_key_column(Key("table", "", self.table), self.expected)
        return bound.sql(str(self.expected[column]["type"]))

    # Expected partitions

    def with_expected(self) -> Catalog:
        """Return the expected catalog with an entry for each live and each missing partition."""
        for key in self._partitions(self.live):
            if _bound_text(self.live[key]) == DEFAULT:
                self.expected.pop(self.default, None)
            self.expected[key] = self._expected_attributes(key)
        for key, bound in self._partitions_closing_gaps():
            wanted = self.expected.get(key, self.template)
            present = read_bound(_bound_text(wanted)) or bound
            wider = Bound(min(present.start, bound.start), max(present.end, bound.end))
            self.expected[key] = {**wanted, "partition bound": self._bound_sql(wider)}
        return self.expected

    def _expected_attributes(self, key: Key) -> Attributes:
        """Return the attributes that the partition should have.

        If the partition is detached, in another schema or of another kind, only this differs.
        """
        found = self.live[key]
        if found["attached"] != "yes":
            return {**found, "attached": "yes"}
        if found.get("schema"):
            return {**found, "schema": self.schema}
        if found.get("kind") != self.template["kind"]:
            return {**found, "kind": self.template["kind"]}
        wanted = {name: self._expected_value(name, found) for name in {**self.template, **found}}
        wanted |= {name: found[name] for name in ("attached", "partition bound", "schema")}
        if found["partition bound"] == DEFAULT and key != self.default:
            self.live[key] = {**found, "name": key.name}
            wanted["name"] = self.default.name
        return wanted

    def _expected_value(self, name: str, found: Attributes) -> Any:
        """Return the value in a new partition, or the live value if it needs no separate repair."""
        wanted, value = self.template.get(name), found.get(name)
        if not differing({name: wanted}, {name: value}):
            return value
        sides = [item for item in (wanted, value) if isinstance(item, Mapping)]
        if not sides:
            return wanted
        is_alike = len(sides) == 2 and not differing(*sides)
        return value if is_alike or self._part_drifts(name) else wanted

    def _part_drifts(self, name: str) -> bool:
        """Return whether the table's part `name` differs. Its repair includes the partitions."""
        for key in self.expected.keys() | self.live.keys():
            if key.table == self.table and f"{key.kind} {key.name}" == name:
                if key not in self.expected or key not in self.live or not self.expected[key]:
                    return True
                return bool(differing(self.expected[key], self.live[key]) - COMMENTS)
        return False

    # Gaps

    def _partitions_closing_gaps(self) -> Iterator[tuple[Key, Bound]]:
        """Yield missing months and widened partitions that close gaps, each with its bound.

        Look for gaps only between attached partitions, because old months are detached on purpose.
        """
        bounds = self._sorted_ranges()
        attached = [n for n, (_, key) in enumerate(bounds) if self.live[key]["attached"] != "no"]
        inner = bounds[attached[0] : attached[-1] + 1] if attached else []
        for (before, before_key), (after, after_key) in pairwise(inner):
            first, last = before.end, after.start
            if first >= last or last - first > LONGEST_GAP:
                continue
            if first != month_at(first).start:
                first = min(month_at(first).end, last)
                yield before_key, Bound(before.start, first)
            if month_at(last).start >= first and last != month_at(last).start:
                yield after_key, Bound(month_at(last).start, after.end)
                last = month_at(last).start
            while first < last:
                month = month_at(first)
                yield Key("partition", self.table, _without_schema(self._month_table(month))), month
                first = month.end


def _bound_text(attributes: Attributes) -> str:
    return str(attributes["partition bound"])


def _without_schema(name: str) -> str:
    return name.rpartition(SEPARATOR)[2]
