"""Tables of other schemas. Their models have a db_table in the form 'schema"."table'.

The keys of a catalog contain this db_table. PostgreSQL prints `schema.table` in definitions. The
expected table is a temporary table that is named `schema.table`, with a dot in its name.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from config.postgres import execute, monthly_partitions, read_rows, shortened
from config.postgres.catalog import Catalog, Key, Schema, quote, read_with_members

SEPARATOR = '"."'


@dataclass(frozen=True)
class OtherTable:
    """A table whose model names its schema."""

    name: str
    """The name in the form of the model's db_table."""
    schema: str
    oid: int | None
    """The oid of the schema, or None if the schema is missing."""
    sql: str
    """The name as PostgreSQL prints it."""
    sql_without_schema: str

    @property
    def name_in_schema(self) -> str:
        """The name without the schema and without quotes."""
        return self.name.partition(SEPARATOR)[2]

    @property
    def temporary(self) -> str:
        return temporary_name(self.name)


def dotted(name: str) -> str:
    """Return `schema.table` for a db_table that contains a schema."""
    return name.replace(SEPARATOR, ".")


def temporary_name(name: str) -> str:
    """Return the name of the temporary table that is created for a db_table."""
    return shortened(dotted(name))


def read_other_tables(connection: BaseDatabaseWrapper, schema: Schema) -> list[OtherTable]:
    """Return the tables of the models that name a schema."""
    names = sorted({m._meta.db_table for m in _managed_models() if SEPARATOR in m._meta.db_table})
    if not names:
        return []
    schemas = [name.partition(SEPARATOR)[0] for name in names]
    tables = [name.partition(SEPARATOR)[2] for name in names]
    rows = read_rows(connection, OTHER_TABLES, [schema.oid, names, schemas, tables])
    return [OtherTable(*row) for row in rows]


def _managed_models() -> list[type[Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]


OTHER_TABLES = """
SELECT name, schema, n.oid,
       CASE WHEN n.oid = %s THEN '' ELSE quote_ident(schema) || '.' END || quote_ident(bare),
       quote_ident(bare)
  FROM unnest(%s::text[], %s::text[], %s::text[]) AS wanted (name, schema, bare)
  LEFT JOIN pg_namespace AS n ON n.nspname = schema
"""


def remove_from_search_path(
    connection: BaseDatabaseWrapper, schema: Schema, others: Iterable[OtherTable]
) -> None:
    """Remove the schemas of `others` from the search path, so that PostgreSQL qualifies names."""
    hidden = sorted({other.schema for other in others} - {schema.name})
    if hidden:
        execute(connection, REMOVE_FROM_SEARCH_PATH, [hidden])


REMOVE_FROM_SEARCH_PATH = """
SELECT set_config('search_path', string_agg(quote_ident(name), ', ' ORDER BY place), true)
  FROM unnest(current_schemas(false)) WITH ORDINALITY AS path (name, place)
 WHERE name <> ALL (%s)
"""


def with_other_tables(
    connection: BaseDatabaseWrapper, live: Catalog, schema: Schema, others: Collection[OtherTable]
) -> Catalog:
    """Return the live catalog with the tables of other schemas, keyed by their db_table."""
    catalog = dict(live)
    for oid in sorted({other.oid for other in others if other.oid}):
        of_schema = [other for other in others if other.oid == oid]
        names = {other.name_in_schema: other.name for other in of_schema}
        texts = {f" ON {other.sql_without_schema} ": f" ON {other.sql} " for other in of_schema}
        source = live if oid == schema.oid else read_with_members(connection, oid, names)
        tables = {key: source[key] for key in source if _belongs_to_table(key, names)}
        if source is live:
            catalog = {key: catalog[key] for key in catalog if key not in tables}
        catalog |= _renamed(tables, names, texts)
    return catalog


def _belongs_to_table(key: Key, names: Mapping[str, str]) -> bool:
    return key.table in names or (key.kind == "table" and key.name in names)


def as_live(created: Catalog, others: Iterable[OtherTable]) -> Catalog:
    """Return the catalog of temporary tables with the names and definitions of live ones."""
    names = {other.temporary: other.name for other in others}
    if not names:
        return created
    partitions = ((model, monthly_partitions(model)) for model in _managed_models())
    defaults = [monthly.default_partition(model) for model, monthly in partitions if monthly]
    texts = {quote(other.temporary): other.sql for other in others}
    return _renamed(created, names | {temporary_name(name): name for name in defaults}, texts)


def _renamed(catalog: Catalog, names: Mapping[str, str], texts: Mapping[str, str]) -> Catalog:
    """Return the catalog with tables renamed by `names`, and `texts` replaced in attributes."""
    return {
        _renamed_key(key, names): _replace_texts(dict(attributes), texts)
        for key, attributes in catalog.items()
    }


def _renamed_key(key: Key, names: Mapping[str, str]) -> Key:
    if key.kind == "table":
        return Key("table", "", names.get(key.name, key.name))
    if key.kind == "partition":
        name = names.get(key.name, key.name).rpartition(SEPARATOR)[2]
        return Key(key.kind, names.get(key.table, key.table), name)
    if key.table not in names:
        return key
    # PostgreSQL derives the names of constraints and indexes from the name of the table.
    table, bare = names[key.table], names[key.table].partition(SEPARATOR)[2]
    prefix = key.table.removesuffix(bare)
    return Key(key.kind, table, key.name.removeprefix(prefix) if prefix else key.name)


def _replace_texts(attributes: Any, texts: Mapping[str, str]) -> Any:
    encoded = json.dumps(attributes)
    for old, new in texts.items():
        encoded = encoded.replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1])
    return json.loads(encoded)
