"""The declared and the live layout of tables on a cluster, and the effect of a layout on keys."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog import Attributes, Catalog, Key, Schema, quote
from config.postgres.citus.declarations import Distributed, declared_distribution, is_cluster
from config.postgres.citus.managed_tables import IS_MANAGED
from config.postgres.queries import read_rows

PRIMARY_KEY = re.compile(r"PRIMARY KEY \((?P<columns>[^)]+)\)")
FOREIGN_KEY = re.compile(
    r"FOREIGN KEY \((?P<columns>[^)]+)\) REFERENCES (?P<table>\S+?)\((?P<referred>[^)]+)\)"
    r"(?P<rest>.*)"
)
EVERYWHERE, DISTRIBUTED, COLOCATED = "on every server", "distributed by ", ", colocated"
# pg_dist_partition also lists partitions and managed tables. Models declare neither.
LIVE_LAYOUT = f"""
WITH placed AS (
    SELECT c.relname, p.partmethod, p.colocationid,
           CASE p.partmethod WHEN 'h' THEN column_to_column_name(p.logicalrelid, p.partkey)
                             ELSE '' END AS column,
           CASE WHEN p.partmethod IN ('a', 'r') THEN 'distributed in ranges'
                WHEN p.partmethod = 'n' AND p.repmodel <> 't' THEN 'on one server'
                ELSE '' END AS other
      FROM pg_dist_partition AS p
      JOIN pg_class AS c ON c.oid = p.logicalrelid
     WHERE c.relnamespace = %s AND NOT c.relispartition AND NOT ({IS_MANAGED})
), largest AS (
    SELECT colocationid FROM placed WHERE partmethod = 'h'
     GROUP BY colocationid HAVING count(*) > 1 ORDER BY count(*) DESC, colocationid LIMIT 1
)
SELECT relname, "column", partmethod = 'h' AND colocationid IN (SELECT colocationid FROM largest),
       other
  FROM placed
"""
SHARD_NAME = (
    "CASE c.relnamespace WHEN 'public'::regnamespace THEN 'public.' ELSE '' END"
    " || shard_name(s.logicalrelid, shardid)"
)
"""The qualified name of the shard `s` of the table `c`; shard_name() leaves out "public"."""
# Citus hides shards from queries of pg_class.
SHARDS = f"""
SELECT shard::bigint
  FROM pg_dist_shard AS s
  JOIN pg_class AS c ON c.oid = s.logicalrelid
 CROSS JOIN LATERAL to_regclass({SHARD_NAME}) AS shard
 WHERE shard IS NOT NULL
"""


@dataclass(frozen=True)
class Placement:
    """The servers on which the rows of a table are."""

    column: str = ""
    """The column by which the rows are distributed, or '' if each server has all rows."""
    colocated: bool = False
    """True if rows of other colocated tables with the same value are on the same server."""
    other: str = ""
    """The description of a placement that no model can declare."""

    def __str__(self) -> str:
        if not self.column:
            return self.other or EVERYWHERE
        return f"{DISTRIBUTED}{self.column}{COLOCATED if self.colocated else ''}"

    @classmethod
    def parse(cls, words: str) -> Self:
        """Return the placement whose str() is `words`."""
        if not words.startswith(DISTRIBUTED):
            return cls(other="" if words == EVERYWHERE else words)
        column = words.removesuffix(COLOCATED).removeprefix(DISTRIBUTED)
        return cls(column, words.endswith(COLOCATED))


type Layout = Mapping[str, Placement]
"""The placements by table name. Other tables are on the coordinator only."""


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
    """Return the layout of the tables in `schema`, or {} without Citus."""
    if not is_cluster(connection.alias):
        return {}
    rows = read_rows(connection, LIVE_LAYOUT, [schema.oid])
    return {name: Placement(*place) for name, *place in rows}


def read_shards(connection: BaseDatabaseWrapper) -> list[int]:
    """Return the oids of the tables that are shards on this server."""
    if not is_cluster(connection.alias):
        return []
    return [oid for (oid,) in read_rows(connection, SHARDS)]


def with_layout(catalog: Catalog, layout: Layout) -> dict[Key, Attributes]:
    """Return the catalog with the placements of its tables as attributes."""
    return {
        key: {**attributes, "placement": str(layout[key.name])}
        if key.kind == "table" and key.name in layout and attributes
        else attributes
        for key, attributes in catalog.items()
    }


def layout_of(catalog: Catalog) -> dict[str, Placement]:
    """Return the layout in the attributes of a catalog."""
    return {
        key.name: Placement.parse(str(catalog[key]["placement"]))
        for key in catalog
        if key.kind == "table" and catalog[key].get("placement")
    }


def on_cluster(
    catalog: Catalog, layout: Layout, live: Catalog | None = None
) -> dict[Key, Attributes]:
    """Return the catalog with keys adapted to `layout`. Leave out keys that Citus cannot enforce.

    If a definition differs from its counterpart in `live` only in quotes, use the counterpart.
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
        if changed.get(key) != ""
    }


def key_on_cluster(owner: str, definition: str, layout: Layout) -> str:
    """Return the definition of the key on a cluster, or '' if Citus cannot enforce it."""
    column = layout.get(owner, Placement()).column
    if found := PRIMARY_KEY.match(definition):
        return PRIMARY_KEY.sub(
            f"PRIMARY KEY ({_with_column(column, found['columns'])})", definition
        )
    if not (found := FOREIGN_KEY.match(definition)):
        return definition
    columns, table, referred, rest = found.groups()
    name = referred_table(definition)
    # A key between a distributed and a local table makes Citus manage the local table. Citus cannot
    # stop managing a table with an identity column.
    if (owner in layout) != (name in layout):
        return ""
    if layout.get(name, Placement()).column:
        if owner != name:
            return ""
        columns, referred = _with_column(column, columns), _with_column(column, referred)
    if column in _column_names(columns) and "ON DELETE SET" in rest:
        return ""
    return f"FOREIGN KEY ({columns}) REFERENCES {table}({referred}){rest}"


def referred_table(definition: object) -> str:
    """Return the name of the table to which a foreign key refers, or '' for other definitions."""
    found = FOREIGN_KEY.match(str(definition))
    return found["table"].replace('"', "") if found else ""


def _with_column(column: str, columns: str) -> str:
    """Return the columns of a key. Prepend the distribution column if it is missing."""
    if not column or column in _column_names(columns):
        return columns
    return f"{quote(column)}, {columns}"


def _quoted_as(printed: object, definition: str) -> str:
    """Return `printed` if both differ only in quotes, because PostgreSQL quotes only some names."""
    is_same = str(printed).replace('"', "") == definition.replace('"', "")
    return str(printed) if is_same else definition


def _column_names(columns: str) -> list[str]:
    return [column.removeprefix('"').removesuffix('"') for column in columns.split(", ")]
