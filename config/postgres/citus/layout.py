"""The layout of the tables on a cluster: as models declare it, as it is, and what it changes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog import Attributes, Catalog, Key, Schema, quote
from config.postgres.citus.declarations import Distributed, declared_distribution, is_cluster

PRIMARY_KEY = re.compile(r"PRIMARY KEY \((?P<columns>[^)]+)\)")
FOREIGN_KEY = re.compile(
    r"FOREIGN KEY \((?P<columns>[^)]+)\) REFERENCES (?P<table>\S+?)\((?P<referred>[^)]+)\)"
    r"(?P<rest>.*)"
)
EVERYWHERE, SPREAD, COLOCATED = "on every server", "spread by ", ", colocated"
# pg_dist_partition also has partitions, which follow their table, and local tables that Citus
# manages because a foreign key connects them with others.
LIVE_LAYOUT = """
WITH placed AS (
    SELECT c.relname, p.partmethod, p.colocationid,
           CASE p.partmethod WHEN 'h' THEN column_to_column_name(p.logicalrelid, p.partkey)
                             ELSE '' END AS column
      FROM pg_dist_partition AS p
      JOIN pg_class AS c ON c.oid = p.logicalrelid
     WHERE c.relnamespace = %s AND NOT c.relispartition
       AND (p.partmethod = 'h' OR p.repmodel = 't')
), largest AS (
    SELECT colocationid FROM placed WHERE partmethod = 'h'
     GROUP BY colocationid HAVING count(*) > 1 ORDER BY count(*) DESC, colocationid LIMIT 1
)
SELECT relname, "column", partmethod = 'h' AND colocationid IN (SELECT colocationid FROM largest)
  FROM placed
"""
# Citus hides shards from queries of pg_class, and leaves out the schema "public" of their names.
SHARDS = """
SELECT shard::bigint
  FROM pg_dist_shard AS s
  JOIN pg_class AS c ON c.oid = s.logicalrelid
 CROSS JOIN LATERAL (SELECT CASE c.relnamespace WHEN 'public'::regnamespace THEN 'public.' ELSE ''
                            END || shard_name(s.logicalrelid, s.shardid)) AS named (name)
 CROSS JOIN LATERAL to_regclass(named.name) AS shard
 WHERE shard IS NOT NULL
"""


@dataclass(frozen=True)
class Placement:
    """The place of a table's rows."""

    column: str = ""
    """The column by which they are spread; '' if each server has all of them."""
    colocated: bool = False
    """Whether rows of other tables that have the same value are on the same server."""

    def __str__(self) -> str:
        if not self.column:
            return EVERYWHERE
        return f"{SPREAD}{self.column}{COLOCATED if self.colocated else ''}"

    @classmethod
    def parse(cls, words: str) -> Self:
        """Return the placement that these words, those of its string, describe."""
        column = words.removesuffix(COLOCATED).removeprefix(SPREAD)
        return cls() if words == EVERYWHERE else cls(column, words.endswith(COLOCATED))


type Layout = Mapping[str, Placement]
"""The placements of tables by name. A table that is not in it is on the coordinator alone."""


def declared_layout() -> dict[str, Placement]:
    """Return the layout that the models declare."""
    layout = {}
    for model in apps.get_models(include_auto_created=True):
        declared = declared_distribution(model)
        if isinstance(declared, Distributed):
            field: Any = model._meta.get_field(declared.by)
            layout[model._meta.db_table] = Placement(field.column, declared.colocated)
        elif declared:
            layout[model._meta.db_table] = Placement()
    return layout


def read_layout(connection: BaseDatabaseWrapper, schema: Schema) -> dict[str, Placement]:
    """Return the layout of the schema's tables; none without Citus."""
    if not is_cluster(connection.alias):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(LIVE_LAYOUT, [schema.oid])
        return {name: Placement(column, colocated) for name, column, colocated in cursor.fetchall()}


def read_shards(connection: BaseDatabaseWrapper) -> list[int]:
    """Return the oids of the tables in which this server keeps rows of tables that are placed."""
    if not is_cluster(connection.alias):
        return []
    with connection.cursor() as cursor:
        cursor.execute(SHARDS)
        return [oid for (oid,) in cursor.fetchall()]


def with_layout(catalog: Catalog, layout: Layout) -> dict[Key, Attributes]:
    """Return the catalog with the placements of its tables as attributes."""
    return {
        key: {**attributes, "placement": str(layout[key.name])}
        if key.kind == "table" and key.name in layout and attributes
        else attributes
        for key, attributes in catalog.items()
    }


def layout_of(catalog: Catalog) -> dict[str, Placement]:
    """Return the layout that the attributes of a catalog tell."""
    return {
        key.name: Placement.parse(str(catalog[key]["placement"]))
        for key in catalog
        if key.kind == "table" and catalog[key].get("placement")
    }


def on_cluster(
    catalog: Catalog, layout: Layout, live: Catalog | None = None
) -> dict[Key, Attributes]:
    """Return the catalog with the keys as they must be on a cluster, without those it cannot have.

    Keys that are already so stay as they are. A key that is so in `live` has the quotes of there.
    """
    changed = {
        key: _quoted_as(
            (live or {}).get(key, {}).get("definition"),
            key_on_cluster(key.table, str(catalog[key].get("definition")), layout),
        )
        for key in catalog
        if key.kind in ("primary key", "foreign key") and catalog[key]
    }
    return {
        key: {**attributes, "definition": changed[key]} if key in changed else attributes
        for key, attributes in catalog.items()
        if changed.get(key, "kept")
    }


def key_on_cluster(owner: str, definition: str, layout: Layout) -> str:
    """Return the definition of the key, or '' if Citus cannot enforce it."""
    column = layout.get(owner, Placement()).column
    if found := PRIMARY_KEY.match(definition):
        return PRIMARY_KEY.sub(f"PRIMARY KEY ({_with(column, found['columns'])})", definition)
    if not (found := FOREIGN_KEY.match(definition)):
        return definition
    columns, table, referred, rest = found.groups()
    name = table.replace('"', "")
    # Citus would convert a table that stays on the coordinator, and could not take it back if it
    # has an identity column.
    if (owner in layout) != (name in layout):
        return ""
    if layout.get(name, Placement()).column:
        if owner != name:
            return ""
        columns, referred = _with(column, columns), _with(column, referred)
    if column in _names(columns) and "ON DELETE SET" in rest:
        return ""
    return f"FOREIGN KEY ({columns}) REFERENCES {table}({referred}){rest}"


def _with(column: str, columns: str) -> str:
    """Return the columns of a key, with the distribution column before them unless it is there."""
    if not column or column in _names(columns):
        return columns
    return f"{quote(column)}, {columns}"


def _quoted_as(printed: object, definition: str) -> str:
    """Return the definition as PostgreSQL prints it, which quotes names only if they need it."""
    is_same = str(printed).replace('"', "") == definition.replace('"', "")
    return str(printed) if is_same else definition


def _names(columns: str) -> list[str]:
    return [column.removeprefix('"').removesuffix('"') for column in columns.split(", ")]
