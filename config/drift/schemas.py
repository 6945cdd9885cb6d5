"""Tables of other schemas, to which a model refers by db_table = 'schema"."table'.

Their keys have that name. PostgreSQL's own texts have `schema.table` instead, and the expected
tables are temporary ones, each of whose names is `schema.table` as a whole.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from config.postgres import monthly_partitions, shortened
from config.postgres.catalog import Catalog, Key, Schema, quote, read_with_members

SEPARATOR = '"."'


@dataclass(frozen=True)
class OtherTable:
    """A table of a schema that a model names."""

    name: str
    """The name as the model writes it."""
    schema: str
    oid: int | None
    """The schema's; None if it is missing."""
    sql: str
    """The name as PostgreSQL writes it."""
    sql_without_schema: str

    @property
    def bare(self) -> str:
        return self.name.partition(SEPARATOR)[2]

    @property
    def temporary(self) -> str:
        return temporary_name(self.name)


def dotted(name: str) -> str:
    """Return the name `schema.table` of the table `name` of a model."""
    return name.replace(SEPARATOR, ".")


def temporary_name(name: str) -> str:
    """Return the name of the temporary table that stands for the table `name` of a model."""
    return shortened(dotted(name))


def read_other_tables(connection: BaseDatabaseWrapper, schema: Schema) -> list[OtherTable]:
    """Return the tables that the project's models name together with their schema."""
    names = sorted({m._meta.db_table for m in _models() if SEPARATOR in m._meta.db_table})
    if not names:
        return []
    schemas = [name.partition(SEPARATOR)[0] for name in names]
    tables = [name.partition(SEPARATOR)[2] for name in names]
    with connection.cursor() as cursor:
        cursor.execute(OTHER_TABLES, [schema.oid, names, schemas, tables])
        return [OtherTable(*row) for row in cursor.fetchall()]


def _models() -> list[type[Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]


OTHER_TABLES = """
SELECT name, schema, n.oid,
       CASE WHEN n.oid = %s THEN '' ELSE quote_ident(schema) || '.' END || quote_ident(bare),
       quote_ident(bare)
  FROM unnest(%s::text[], %s::text[], %s::text[]) AS wanted (name, schema, bare)
  LEFT JOIN pg_namespace AS n ON n.nspname = schema
"""


def hide(connection: BaseDatabaseWrapper, schema: Schema, others: Iterable[OtherTable]) -> None:
    """Take the schemas of `others` out of the search path, so that names in them have a schema."""
    hidden = sorted({other.schema for other in others} - {schema.name})
    if hidden:
        with connection.cursor() as cursor:
            cursor.execute(HIDE, [hidden])


HIDE = """
SELECT set_config('search_path', string_agg(quote_ident(name), ', ' ORDER BY place), true)
  FROM unnest(current_schemas(false)) WITH ORDINALITY AS path (name, place)
 WHERE name <> ALL (%s)
"""


def with_other_tables(
    connection: BaseDatabaseWrapper, live: Catalog, schema: Schema, others: Collection[OtherTable]
) -> Catalog:
    """Return the live catalog with the tables of other schemas under the names of their models."""
    catalog = dict(live)
    for oid in sorted({other.oid for other in others if other.oid}):
        names = {other.bare: other.name for other in others if other.oid == oid}
        source = live if oid == schema.oid else read_with_members(connection, oid, names)
        texts = {
            f" ON {other.sql_without_schema} ": f" ON {other.sql} "
            for other in others
            if other.oid == oid
        }
        if source is live:
            catalog = {key: value for key, value in catalog.items() if not _is_of(key, names)}
        catalog |= renamed({k: v for k, v in source.items() if _is_of(k, names)}, names, texts)
    return catalog


def _is_of(key: Key, names: Mapping[str, str]) -> bool:
    return key.table in names or (key.kind == "table" and key.name in names)


def as_live(created: Catalog, others: Iterable[OtherTable]) -> Catalog:
    """Return the catalog of temporary tables with the names and texts of the live ones."""
    names = {other.temporary: other.name for other in others}
    if not names:
        return created
    divided = ((model, monthly_partitions(model)) for model in _models())
    defaults = [partitions.default_partition(model) for model, partitions in divided if partitions]
    texts = {quote(other.temporary): other.sql for other in others}
    return renamed(created, names | {temporary_name(name): name for name in defaults}, texts)


def renamed(catalog: Catalog, names: Mapping[str, str], texts: Mapping[str, str]) -> Catalog:
    """Return the catalog with other names of tables, and with other names of them in texts."""
    return {
        _renamed_key(key, names): _replaced(dict(attributes), texts)
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
    # PostgreSQL derives names that a statement leaves out from the name of the table.
    table, bare = names[key.table], names[key.table].partition(SEPARATOR)[2]
    prefix = key.table.removesuffix(bare)
    return Key(key.kind, table, key.name.removeprefix(prefix) if prefix else key.name)


def _replaced(attributes: Any, texts: Mapping[str, str]) -> Any:
    encoded = json.dumps(attributes)
    for old, new in texts.items():
        encoded = encoded.replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1])
    return json.loads(encoded)
