"""The removal and reordering of labels of an enum type in a live database.

PostgreSQL can neither remove nor move a label. So a new type replaces the old type in every column
and every dependent object, including objects that no migration created.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError
from itertools import groupby, product
from typing import NamedTuple

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog import (
    Definition,
    Dependents,
    drop_and_recreate,
    literal,
    read_definitions,
    read_dependents,
    transposed,
)
from config.postgres.citus import is_cluster, read_shards
from config.postgres.enums.arrays import parse_array
from config.postgres.queries import read_rows
from config.postgres.row_security import every_row


@dataclass(frozen=True)
class EnumType:
    """An enum type of the live database."""

    oid: int
    name: str
    rendered: str
    """The name of the type as PostgreSQL prints it in definitions."""
    labels: list[str]

    def without(self, labels: Collection[str]) -> list[str]:
        return [label for label in self.labels if label not in labels]


@dataclass(frozen=True)
class EnumColumn:
    """A column of an enum type, of its array type, or of a domain over one of these types."""

    name: str
    """The name in messages: `table.column`."""
    quoted: str
    """The name of the column, quoted where needed."""
    table: str
    """The name of the table, qualified where needed and quoted."""
    is_array: bool
    cast: str
    """The cast from a domain to the enum type or its array type, or '' for other columns."""


class LabelUse(NamedTuple):
    """The number of rows that have a label in a column."""

    label: str
    column: EnumColumn
    rows: int


@dataclass(frozen=True)
class Swap:
    """The plan to replace `enum` by a type with `labels`."""

    enum: EnumType
    labels: Sequence[str]
    replacements: Mapping[str, str]
    columns: Sequence[EnumColumn]
    definitions: Sequence[Definition]
    statements: Sequence[str]
    """The SQL of the change, in order."""

    @property
    def removed(self) -> list[str]:
        return self.enum.without(self.labels)

    def lock(self) -> str | None:
        """Return the statement that locks the tables with columns of the type, if there are any."""
        tables = sorted({column.table for column in self.columns})
        return f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE" if tables else None


def find_enum(connection: BaseDatabaseWrapper, name: str) -> EnumType | None:
    """Return the type with this name in the search path, or None."""
    rows = read_rows(connection, FIND_ENUM_TYPE, [name])
    return EnumType(*rows[0]) if rows else None


def plan_swap(
    connection: BaseDatabaseWrapper,
    enum: EnumType,
    labels: Sequence[str],
    replacements: Mapping[str, str] | None = None,
) -> Swap:
    """Return the plan to give `enum` other labels.

    Raise CommandError if a dependent object may not be dropped or cannot be created again.
    """
    replacements = replacements or {}
    dependents = read_dependents(connection, enum.oid, read_shards(connection))
    _check_owners_of(connection, enum, dependents)
    if dependents.refused:
        raise _not_recreatable(enum, dependents.refused)
    definitions = read_definitions(connection, dependents, labels, replacements)
    try:
        drop, create = drop_and_recreate(
            definitions, dependents, is_cluster=is_cluster(connection.alias)
        )
    except CycleError as error:
        raise _not_recreatable(enum, ["objects that depend on each other"]) from error
    columns = _read_columns(connection, enum, dependents)
    return Swap(enum, labels, replacements, columns, definitions, [*drop, *create])


def check_owners(connection: BaseDatabaseWrapper, enum: EnumType) -> None:
    """Raise CommandError if the role may not drop the type or one of its dependents."""
    dependents = read_dependents(connection, enum.oid, read_shards(connection))
    _check_owners_of(connection, enum, dependents)


def _check_owners_of(
    connection: BaseDatabaseWrapper, enum: EnumType, dependents: Dependents
) -> None:
    addresses = transposed(sorted(dependents.kinds))
    if others := read_rows(connection, READ_OTHER_OWNERS, addresses):
        _, owner, role = others[0]
        owned = ", ".join(f"{name} belongs to role {owner}" for name, owner, _ in others)
        raise CommandError(
            f"Cannot give enum type {enum.name!r} other labels: {owned}, and role {role} is not a "
            "member of that role. Nothing was changed. Migrate as a member, or let the owner drop "
            "the object and create it again afterwards. To become a member: "
            f"GRANT {owner} TO {role};"
        )


def _not_recreatable(enum: EnumType, dependents: Sequence[str]) -> CommandError:
    return CommandError(
        f"Cannot give enum type {enum.name!r} other labels: the migration cannot drop and recreate "
        f"{', '.join(dependents)}. This migration changed nothing. Drop these objects, run the "
        "migration, and create them again."
    )


def _read_columns(
    connection: BaseDatabaseWrapper, enum: EnumType, dependents: Dependents
) -> list[EnumColumn]:
    _, oids, numbers = transposed(dependents.of_kind("column"))
    rows = read_rows(connection, READ_ENUM_COLUMNS, [enum.rendered, oids, numbers])
    return [EnumColumn(*row) for row in rows]


def check_removed(connection: BaseDatabaseWrapper, swap: Swap, advice: str = "") -> None:
    """Raise CommandError if a definition or a row still uses a removed label.

    The message about rows ends with `advice`.
    """
    for definition in swap.definitions:
        found = set(_named_labels(definition, swap.enum)) & set(swap.removed)
        if found and definition.address.oid != swap.enum.oid:
            labels = _describe_labels(sorted(found))
            raise CommandError(
                f"Cannot remove {labels} from enum type {swap.enum.name!r}: "
                f"{definition.description} uses {'it' if len(found) == 1 else 'them'}. This "
                "migration changed nothing. Change or drop this object first."
            )
    check_label_uses(connection, swap, advice)


def check_label_uses(connection: BaseDatabaseWrapper, swap: Swap, advice: str = "") -> None:
    """Raise CommandError if a row still uses a removed label without a replacement."""
    with every_row(connection):
        uses = list(_read_uses(connection, swap))
    if uses:
        labels = _describe_labels(dict.fromkeys(use.label for use in uses))
        raise CommandError(
            f"Cannot remove {labels} from enum type {swap.enum.name!r}: {_describe_uses(uses)}. "
            f"This migration changed nothing. {_suggest_updates(swap, uses)}{advice}"
        )


def _named_labels(definition: Definition, enum: EnumType) -> Iterator[str]:
    """Yield the labels that the definition contains as literals of the type."""
    pattern = rf"(E?)'((?:[^']|'')*)'::{re.escape(enum.rendered)}(\[\])?"
    for sql in definition.create:
        for escaping, text, array in re.findall(pattern, sql):
            label = text.replace("''", "'")
            label = label.replace("\\\\", "\\") if escaping else label
            yield from parse_array(label) if array else [label]


def _read_uses(connection: BaseDatabaseWrapper, swap: Swap) -> Iterator[LabelUse]:
    """Yield the uses of removed labels that have no replacement. Read each table once."""
    labels = [label for label in swap.removed if label not in swap.replacements]
    for table, columns in groupby(swap.columns, key=lambda column: column.table):
        places = list(product(labels, columns))
        # Compare as text, because a transaction cannot use a label that it has added itself.
        counts = ", ".join(
            f"count(*) FILTER (WHERE {_label_condition(column, label, as_text=True)})"
            for label, column in places
        )
        if places:
            # PostgreSQL quotes the tables and columns, and literal() quotes the labels.
            [numbers] = read_rows(connection, f"SELECT {counts} FROM {table}")  # noqa: S608
            for (label, column), rows in zip(places, numbers, strict=True):
                if rows:
                    yield LabelUse(label, column, rows)


def _label_condition(column: EnumColumn, label: str, *, as_text: bool = False) -> str:
    text = "::text[]" if column.is_array else "::text"
    value = column.quoted + (text if as_text else column.cast)
    return f"{literal(label)} = ANY ({value})" if column.is_array else f"{value} = {literal(label)}"


def _describe_uses(uses: Sequence[LabelUse]) -> str:
    """Return a phrase for each label: `3 rows use 'sad' (songs.mood: 2, albums.moods: 1)`."""
    phrases = []
    for label in dict.fromkeys(use.label for use in uses):
        own = [use for use in uses if use.label == label]
        total = sum(use.rows for use in own)
        verb = "row uses" if total == 1 else "rows use"
        columns = ", ".join(f"{use.column.name}: {use.rows}" for use in own)
        phrases.append(f"{total} {verb} {label!r} ({columns})")
    return ", ".join(phrases)


def _suggest_updates(swap: Swap, uses: Sequence[LabelUse]) -> str:
    if not swap.labels:
        return "Delete the rows first."
    updates = " ".join(_update_sql(use.column, use.label, swap.labels[0]) for use in uses)
    return f"Give the rows another label first, for example: {updates}"


def _update_sql(column: EnumColumn, old: str, new: str) -> str:
    value = literal(new)
    if column.is_array:
        value = f"array_replace({column.quoted}{column.cast}, {literal(old)}, {value})"
    condition = _label_condition(column, old)
    return f"UPDATE {column.table} SET {column.quoted} = {value} WHERE {condition};"  # noqa: S608


def _describe_labels(labels: Collection[str]) -> str:
    """Return `label 'sad'` or `labels 'sad', 'blue'`."""
    return f"label{'s' if len(labels) > 1 else ''} {', '.join(map(repr, labels))}"


FIND_ENUM_TYPE = """
SELECT t.oid::bigint, t.typname, format_type(t.oid, NULL),
       ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder)
  FROM pg_type AS t
 WHERE t.oid = to_regtype(quote_ident(%s)) AND t.typtype = 'e'
"""

READ_OTHER_OWNERS = """
SELECT DISTINCT pg_describe_object(d.catalog::regclass, d.oid, 0),
       quote_ident(pg_get_userbyid(owner)), quote_ident(current_user)
  FROM unnest(%s::text[], %s::oid[], %s::int[]) AS d (catalog, oid, number)
 CROSS JOIN LATERAL (SELECT CASE d.catalog
    WHEN 'pg_class' THEN (SELECT relowner FROM pg_class WHERE oid = d.oid)
    WHEN 'pg_type' THEN (SELECT typowner FROM pg_type WHERE oid = d.oid)
    WHEN 'pg_proc' THEN (SELECT proowner FROM pg_proc WHERE oid = d.oid)
    WHEN 'pg_statistic_ext' THEN (SELECT stxowner FROM pg_statistic_ext WHERE oid = d.oid)
    WHEN 'pg_trigger' THEN (SELECT relowner FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
                             WHERE pg_trigger.oid = d.oid)  -- a trigger may need several tables
    ELSE (SELECT DISTINCT relowner  -- the owner of the object's table
            FROM pg_depend JOIN pg_class ON pg_class.oid = refobjid
           WHERE classid = d.catalog::regclass AND objid = d.oid
             AND refclassid = 'pg_class'::regclass AND deptype = 'a')
    END) AS owned (owner)
 WHERE NOT pg_has_role(owner, 'USAGE')
 ORDER BY 1
"""

READ_ENUM_COLUMNS = """
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
