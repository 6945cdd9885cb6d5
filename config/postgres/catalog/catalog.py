"""The objects of a schema as Python values, read from pg_catalog.

PostgreSQL itself renders the attributes, so that two catalogs can be compared attribute by
attribute. The number of queries does not grow with the number of tables.
"""

import json
from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog.catalog_queries import (
    NEEDED,
    OWNERS,
    RELATIONS,
    SCHEMA,
    SCHEMA_OBJECTS,
    SHADOWS,
)
from config.postgres.catalog.folded_partitions import with_partitions_folded
from config.postgres.catalog.objects import Attributes, Catalog, Key
from config.postgres.queries import read_rows


@dataclass(frozen=True)
class Schema:
    """The schema of the project's tables, with its database and server."""

    server_version: int
    """PostgreSQL's server_version_num: 180001 is 18.1."""
    database: str
    name: str
    oid: int
    search_path: str

    @property
    def major_version(self) -> int:
        return self.server_version // 10000

    @property
    def description(self) -> str:
        """The server's version, the database and the schema in words."""
        version = f"{self.major_version}.{self.server_version % 10000}"
        return f"PostgreSQL {version}, database {self.database}, schema {self.name}"


def read_schema(connection: BaseDatabaseWrapper) -> Schema:
    """Return the schema of the table django_migrations or, without this table, the current schema.

    Raise CatalogError if no schema of the search path exists.
    """
    rows = read_rows(connection, SCHEMA)
    if not rows:
        raise CatalogError(
            "No schema of the role's search_path exists. Create the schema, or set the role's "
            "search_path to an existing schema."
        )
    return Schema(*rows[0])


class CatalogError(Exception):
    """The catalog cannot be read completely. The message gives the reason and the next step."""


def read_shadows(connection: BaseDatabaseWrapper, schema: Schema) -> dict[Key, str]:
    """Return the tables and enum types that another schema hides, with the name of that schema."""
    return _read_values(connection, SHADOWS, schema)


def read_owners(connection: BaseDatabaseWrapper, schema: Schema) -> dict[Key, str]:
    """Return the owner of every table, partition and enum type."""
    return _read_values(connection, OWNERS, schema)


def _read_values(connection: BaseDatabaseWrapper, query: str, schema: Schema) -> dict[Key, str]:
    rows = read_rows(connection, query, {"schema": schema.oid})
    return {Key(*key): value for *key, value in rows}


def read_needed(
    connection: BaseDatabaseWrapper, schema: Schema, tables_schema: int, tables: Collection[str]
) -> list[Key]:
    """Return the objects of `schema` on which `tables` depend.

    `tables_schema` is the oid of the schema of `tables`, which may include views. The result has no
    tables and no members of extensions.
    """
    if not tables:
        return []
    parameters = {"schema": schema.oid, "tables_schema": tables_schema, "tables": list(tables)}
    rows = read_rows(connection, NEEDED, parameters)
    return sorted(Key(kind, "", name) for kind, name in rows)


def read_relations(
    connection: BaseDatabaseWrapper, schema: Schema, tables: Sequence[str]
) -> list[Key]:
    """Return the keys of `tables`, which may be views. Leave out tables of other schemas.

    A name that does not exist counts as a table.
    """
    quoted = [connection.ops.quote_name(table) for table in tables]
    parameters = {"tables": list(tables), "quoted": quoted, "schema": schema.oid}
    return [Key(kind, "", name) for kind, name in read_rows(connection, RELATIONS, parameters)]


def read_catalog(connection: BaseDatabaseWrapper, schema: int) -> Catalog:
    """Return the objects of the schema with the oid `schema`, without members of extensions."""
    return without_members(read_with_members(connection, schema))


def without_members(catalog: Catalog, ours: Container[Key] = ()) -> Catalog:
    """Return the catalog without members of extensions and their parts.

    `ours` are the objects that migrations created. They stay, even if an extension contains them.
    """
    members = {key for key in catalog if catalog[key].get("extension") and key not in ours}
    names = {key.name for key in members if key.kind in ("table", "view")}
    return {key: catalog[key] for key in catalog if key not in members and key.table not in names}


def read_with_members(
    connection: BaseDatabaseWrapper, schema: int, tables: Collection[str] = ()
) -> Catalog:
    """Return the objects of the schema with the oid `schema`.

    A partition is part of its table, unless it is one of `tables`. Definitions qualify names that
    are not in the search path. So put `schema` first in the search path to compare the catalog with
    a catalog of another schema.
    """
    catalog: dict[Key, Attributes] = {}
    for query in SCHEMA_OBJECTS:
        for *key, encoded in read_rows(connection, query, {"schema": schema}):
            attributes = json.loads(encoded)
            # The definition is NULL if the object was dropped while the query ran.
            if attributes.get("definition", "") is not None:
                catalog[Key(*key)] = attributes
    return with_partitions_folded(connection, catalog, schema, tables)
