"""The catalog with each partition as one object of its table.

The object has the attributes of the partition and, for each part of the partition, an attribute
like `index events_user_idx`. A part that PostgreSQL copied from the table has the original's name.
Comments and partitions of partitions are left out.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog.catalog_queries import PART_NAMES, PARTITIONS
from config.postgres.catalog.objects import Attributes, Catalog, Key
from config.postgres.queries import read_rows

NOT_COMPARED = ("comment", "index comment", "inherits", "inherited by")

type OriginalNames = Mapping[tuple[str, str], str]
"""The names of original parts, by the partition and the name of the copy."""


class CatalogPartition(NamedTuple):
    """A partition of a table, or of one of its partitions."""

    table: str
    level: int
    """1 for a partition of the table, 2 for a partition of such a partition, and so on."""
    name: str
    schema: str | None
    """None for the schema of the table."""
    is_pending: bool
    """True if DETACH PARTITION … CONCURRENTLY was interrupted."""
    bound: str


def with_partitions_folded(
    connection: BaseDatabaseWrapper, catalog: Catalog, schema: int, tables: Collection[str]
) -> Catalog:
    """Return the catalog of the schema with each partition as a part of its table.

    The partitions in `tables` stay tables.
    """
    rows = read_rows(connection, PARTITIONS, {"schema": schema, "tables": list(tables)})
    partitions = [CatalogPartition(*row) for row in rows]
    if not partitions:
        return catalog
    rows = read_rows(connection, PART_NAMES, {"schema": schema})
    originals = {(partition, copy): original for partition, copy, original in rows}
    folded = {partition.name for partition in partitions if not partition.schema}
    kept = {key: catalog[key] for key in catalog if _table_of(key) not in folded}
    return kept | {
        Key("partition", partition.table, partition.name): _attributes(
            partition, catalog, originals
        )
        for partition in partitions
        if partition.level == 1
    }


def _table_of(key: Key) -> str:
    return key.table or (key.name if key.kind == "table" else "")


def _attributes(
    partition: CatalogPartition, catalog: Catalog, originals: OriginalNames
) -> Attributes:
    state: Attributes = {
        "attached": "detach pending" if partition.is_pending else "yes",
        "partition bound": partition.bound,
        "schema": partition.schema,
    }
    if partition.schema:
        return state
    return {**_folded_attributes(partition.name, catalog, originals), **state}


def _folded_attributes(name: str, catalog: Catalog, originals: OriginalNames) -> dict[str, Any]:
    """Return the attributes of the table `name` and of its parts as those of one object."""
    attributes = _compared(catalog.get(Key("table", "", name), {}))
    for key in catalog:
        if key.table == name:
            original = originals.get((name, key.name))
            part = _compared(catalog[key])
            if original and key.kind == "index":
                # The definition begins with the names of the copy and of the partition.
                part["definition"] = "USING " + str(part["definition"]).partition(" USING ")[2]
            attributes[f"{key.kind} {original or key.name}"] = part
    return attributes


def _compared(attributes: Attributes) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name not in NOT_COMPARED}
