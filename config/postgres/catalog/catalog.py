"""The objects of a schema as Python values, read from pg_catalog.

PostgreSQL itself renders the attributes, so that two catalogs can be compared attribute by
attribute. The number of queries does not grow with the number of tables, and they lock nothing.
"""

import json
from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog.catalog_queries import (
    NEEDED,
    OWNERS,
    RELATIONS,
    SCHEMA,
    SCHEMA_OBJECTS,
    SHADOWS,
)
from config.postgres.catalog.objects import Attributes, Catalog, Key
from config.postgres.catalog.partitions import with_partitions_folded


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
    """Return the schema that contains the migrations' records, or would if they were created now.

    Raises CatalogError if there is none.
    """
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA)
        row = cursor.fetchone()
    if row is None:
        raise CatalogError("No schema of the role's search_path exists.")
    return Schema(*row)


class CatalogError(Exception):
    """The catalog cannot be read completely. The message gives the reason and the next step."""


def read_shadows(connection: BaseDatabaseWrapper, schema: Schema) -> dict[Key, str]:
    """Return the tables and enum types that are hidden by others, with the schema of the others."""
    return _read_values(connection, SHADOWS, schema)


def read_owners(connection: BaseDatabaseWrapper, schema: Schema) -> dict[Key, str]:
    """Return the owner of every table, partition and enum type. Their parts have the same owner."""
    return _read_values(connection, OWNERS, schema)


def _read_values(connection: BaseDatabaseWrapper, query: str, schema: Schema) -> dict[Key, str]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"schema": schema.oid})
        return {Key(*row[:3]): row[3] for row in cursor.fetchall()}


def read_needed(
    connection: BaseDatabaseWrapper, schema: Schema, owner: int, tables: Collection[str]
) -> list[Key]:
    """Return the objects of the schema on which `tables` of the schema with the oid `owner` depend.

    `tables` may be views. Tables and members of extensions are left out of the result.
    """
    parameters: dict[str, Any] = {"schema": schema.oid, "owner": owner, "tables": list(tables)}
    with connection.cursor() as cursor:
        cursor.execute(NEEDED, parameters)
        return sorted(Key(kind, "", name) for kind, name in cursor.fetchall())


def read_relations(
    connection: BaseDatabaseWrapper, schema: Schema, tables: Sequence[str]
) -> list[Key]:
    """Return the keys of the tables or views of models, except those found in another schema.

    A name that is not found counts as a table.
    """
    quoted = [connection.ops.quote_name(table) for table in tables]
    with connection.cursor() as cursor:
        cursor.execute(RELATIONS, {"tables": list(tables), "quoted": quoted, "schema": schema.oid})
        return [Key(kind, "", name) for kind, name in cursor.fetchall()]


def read_catalog(connection: BaseDatabaseWrapper, schema: int) -> Catalog:
    """Return the objects in the schema with the oid `schema` that belong to no extension."""
    return without_members(read_with_members(connection, schema))


def without_members(catalog: Catalog, ours: Container[Key] = ()) -> Catalog:
    """Return the catalog without members of extensions and their parts, except for `ours`.

    An extension may have taken over objects that migrations created; `ours` are the keys of these.
    """
    members = {key for key in catalog if catalog[key].get("extension") and key not in ours}
    names = {key.name for key in members if key.kind in ("table", "view")}
    return {key: catalog[key] for key in catalog if key not in members and key.table not in names}


def read_with_members(
    connection: BaseDatabaseWrapper, schema: int, tables: Collection[str] = ()
) -> Catalog:
    """Return the objects in the schema with the oid `schema`.

    A partition is part of its table, unless it is one of `tables`.
    Definitions qualify the names that the search path does not find. Two catalogs can therefore be
    compared only if each was read with its own schema first in the search path.
    """
    catalog: dict[Key, Attributes] = {}
    with connection.cursor() as cursor:
        for query in SCHEMA_OBJECTS:
            cursor.execute(query, {"schema": schema})
            for kind, table, name, encoded in cursor.fetchall():
                attributes = json.loads(encoded)
                # PostgreSQL has no definition of an object dropped since the query began.
                if attributes.get("definition", "") is not None:
                    catalog[Key(kind, table, name)] = attributes
    return with_partitions_folded(connection, catalog, schema, tables)
