"""Another set of labels for an enum type that is in use.

PostgreSQL can neither remove a label nor move one, so a new type takes the place of the old one,
in every column and in all that depends on it, whoever made it.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError
from itertools import groupby, product

from django.core.management.base import CommandError
from django.db.backends.utils import CursorWrapper

from config.postgres.catalog import (
    Definition,
    Dependents,
    DropAndRecreate,
    in_order,
    literal,
    read_definitions,
    read_dependents,
)
from config.postgres.enums.arrays import parse_array


@dataclass(frozen=True)
class EnumType:
    """An enum type of the live database."""

    oid: int
    name: str
    rendered: str
    """Its name as definitions have it."""
    labels: list[str]

    def without(self, labels: Collection[str]) -> list[str]:
        return [label for label in self.labels if label not in labels]


@dataclass(frozen=True)
class Column:
    """A column of a table, with values of an enum type."""

    name: str
    """For people."""
    quoted: str
    table: str
    """Schema and name, quoted."""
    is_array: bool
    cast: str
    """To the enum type or an array of it, where the column is of a domain."""


@dataclass(frozen=True)
class Swap:
    """All there is to do to give `enum` the labels `labels`, put together before any of it."""

    enum: EnumType
    labels: Sequence[str]
    replacements: Mapping[str, str]
    columns: Sequence[Column]
    definitions: Sequence[Definition]
    steps: Sequence[DropAndRecreate]

    @property
    def removed(self) -> list[str]:
        return self.enum.without(self.labels)

    def statements(self) -> list[str]:
        return [
            *(sql for step in reversed(self.steps) for sql in step.drop),
            *(sql for step in self.steps for sql in step.create),
            *(sql for step in reversed(self.steps) for sql in step.finish),
        ]

    def lock(self) -> str | None:
        """Let no row come in that would have to be looked at again."""
        tables = sorted({column.table for column in self.columns})
        return f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE" if tables else None


def find_enum(cursor: CursorWrapper, name: str) -> EnumType | None:
    """The type that the search path finds by this name."""
    cursor.execute(ENUM_TYPE, [name])
    row = cursor.fetchone()
    return row and EnumType(*row)


def plan_swap(
    cursor: CursorWrapper,
    enum: EnumType,
    labels: Sequence[str],
    replacements: Mapping[str, str] | None = None,
) -> Swap:
    """Raises CommandError if something could not be brought back afterwards. Changes nothing."""
    replacements = replacements or {}
    dependents = read_dependents(cursor, enum.oid)
    if dependents.refused:
        raise _cannot_bring_back(enum, dependents.refused)
    definitions = read_definitions(cursor, dependents, labels, replacements)
    try:
        steps = in_order(definitions, dependents)
    except CycleError as error:
        raise _cannot_bring_back(enum, ["objects that need each other"]) from error
    return Swap(
        enum, labels, replacements, _read_columns(cursor, enum, dependents), definitions, steps
    )


def _cannot_bring_back(enum: EnumType, dependents: Sequence[str]) -> CommandError:
    return CommandError(
        f"Cannot give enum type {enum.name!r} other labels: {', '.join(dependents)} would have to "
        "be dropped and could not be brought back. This migration changed nothing. Drop what is "
        "named, and create it again afterwards."
    )


def _read_columns(cursor: CursorWrapper, enum: EnumType, dependents: Dependents) -> list[Column]:
    addresses = dependents.of_kind("column")
    oids, numbers = [item.oid for item in addresses], [item.number for item in addresses]
    cursor.execute(COLUMNS, [enum.rendered, oids, numbers])
    return [Column(*row) for row in cursor.fetchall()]


def check_removed(cursor: CursorWrapper, swap: Swap, advice: str = "") -> None:
    """Raises CommandError if a definition or a row still uses a label that is to go.

    `advice` is what else could be done about the rows.
    """
    if swap.removed:
        _check_definitions(swap)
        check_rows(cursor, swap, advice)


def check_rows(cursor: CursorWrapper, swap: Swap, advice: str = "") -> None:
    """Raises CommandError if a row still uses a label that is to go."""
    uses = list(_read_uses(cursor, swap))
    if uses:
        raise CommandError(
            f"Cannot remove {_listed({label: None for label, _, _ in uses})} from enum type "
            f"{swap.enum.name!r}: {_counted(uses)}. This migration changed nothing. "
            f"{_way_out(swap, uses)}{advice}"
        )


def _check_definitions(swap: Swap) -> None:
    for definition in swap.definitions:
        found = set(_named_labels(definition, swap.enum)) & set(swap.removed)
        if found and definition.address.oid != swap.enum.oid:
            raise CommandError(
                f"Cannot remove {_listed(sorted(found))} from enum type {swap.enum.name!r}: "
                f"{definition.description} names {'it' if len(found) == 1 else 'them'}. This "
                "migration changed nothing. Change or drop that first."
            )


def _named_labels(definition: Definition, enum: EnumType) -> Iterator[str]:
    """The labels that occur as literals of the type, as PostgreSQL writes them."""
    literal = rf"(E?)'((?:[^']|'')*)'::{re.escape(enum.rendered)}(\[\])?"
    for sql in definition.create:
        for escaping, text, array in re.findall(literal, sql):
            label = text.replace("''", "'")
            label = label.replace("\\\\", "\\") if escaping else label
            yield from parse_array(label) if array else [label]


type Use = tuple[str, Column, int]
"""A label, a column and how many of its rows have the label."""


def _read_uses(cursor: CursorWrapper, swap: Swap) -> Iterator[Use]:
    """Reads each table once. As text: this transaction itself may have added the label."""
    labels = [label for label in swap.removed if label not in swap.replacements]
    for table, columns in groupby(swap.columns, key=lambda column: column.table):
        places = list(product(labels, columns))
        counts = ", ".join(
            f"count(*) FILTER (WHERE {_has_label(column, label, as_text=True)})"
            for label, column in places
        )
        if places:
            cursor.execute(f"SELECT {counts} FROM {table}")  # noqa: S608
            for (label, column), count in zip(places, cursor.fetchone(), strict=True):
                if count:
                    yield label, column, count


def _has_label(column: Column, label: str, *, as_text: bool = False) -> str:
    if column.is_array:
        value = f"{column.quoted}{'::text[]' if as_text else column.cast}"
        return f"{literal(label)} = ANY ({value})"
    return f"{column.quoted}{'::text' if as_text else column.cast} = {literal(label)}"


def _counted(uses: Sequence[Use]) -> str:
    """`3 rows use 'sad' (songs.mood: 2, albums.moods: 1)`, for each label."""
    phrases = []
    for label in dict.fromkeys(label for label, _, _ in uses):
        counts = {column.name: count for used, column, count in uses if used == label}
        total = sum(counts.values())
        verb = "row uses" if total == 1 else "rows use"
        columns = ", ".join(f"{name}: {count}" for name, count in counts.items())
        phrases.append(f"{total} {verb} {label!r} ({columns})")
    return ", ".join(phrases)


def _way_out(swap: Swap, uses: Sequence[Use]) -> str:
    if not swap.labels:
        return "Delete the rows first."
    updates = " ".join(_update(column, label, swap.labels[0]) for label, column, _ in uses)
    return f"Give the rows another label first, for example: {updates}"


def _update(column: Column, old: str, new: str) -> str:
    value = literal(new)
    if column.is_array:
        value = f"array_replace({column.quoted}{column.cast}, {literal(old)}, {value})"
    condition = _has_label(column, old)
    return f"UPDATE {column.table} SET {column.quoted} = {value} WHERE {condition};"  # noqa: S608


def _listed(labels: Collection[str]) -> str:
    """`label 'sad'`, `labels 'sad', 'blue'`."""
    return f"label{'s' if len(labels) > 1 else ''} {', '.join(map(repr, labels))}"


ENUM_TYPE = """
SELECT t.oid::bigint, t.typname, format_type(t.oid, NULL),
       ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder)
  FROM pg_type AS t
 WHERE t.oid = to_regtype(quote_ident(%s)) AND t.typtype = 'e'
"""

COLUMNS = """
SELECT concat(a.attrelid::regclass, '.', a.attname), quote_ident(a.attname),
       a.attrelid::regclass::text, t.typcategory = 'A',
       CASE WHEN 'd' IN (t.typtype, e.typtype)
            THEN '::' || %s || CASE t.typcategory WHEN 'A' THEN '[]' ELSE '' END
            ELSE '' END
  FROM unnest(%s::oid[], %s::int[]) AS wanted (oid, number)
  JOIN pg_attribute AS a ON (a.attrelid, a.attnum) = (wanted.oid, wanted.number)
  JOIN pg_type AS t ON t.oid = a.atttypid
  LEFT JOIN pg_type AS e ON e.oid = t.typelem
 WHERE a.attinhcount = 0
 ORDER BY 3, 1
"""
