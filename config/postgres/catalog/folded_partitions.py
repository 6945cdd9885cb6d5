"""Partitions as parts of their table.

A catalog has one object for each partition. Its attributes are those of the partition as a table,
and one for each part, such as `index events_user_idx`. If PostgreSQL copied the part from the
table, it has its name there. Comments on partitions are left out.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.catalog.catalog_queries import PART_NAMES, PARTITIONS
from config.postgres.catalog.objects import Attributes, Catalog, Key

NOT_COMPARED = ("comment", "index comment", "inherits", "inherited by")

type Names = Mapping[tuple[str, str], str]
"""The names of parts of the table, by the partition and the part that was copied from them."""


class CatalogPartition(NamedTuple):
    """A relation below a partitioned table."""

    table: str
    level: int
    """1 for a partition of the table itself, more for a partition of a partition."""
    name: str
    schema: str | None
    """None for the schema of the table."""
    is_pending: bool
    """Whether DETACH … CONCURRENTLY has been interrupted."""
    bound: str


def with_partitions_folded(
    connection: BaseDatabaseWrapper, catalog: Catalog, schema: int, tables: Collection[str]
) -> Catalog:
    """Return the catalog of the schema with each partition as a part of its table.

    The partitions in `tables` stay tables.
    """
    with connection.cursor() as cursor:
        cursor.execute(PARTITIONS, {"schema": schema, "tables": list(tables)})
        links = [CatalogPartition(*row) for row in cursor.fetchall()]
        if not links:
            return catalog
        cursor.execute(PART_NAMES, {"schema": schema})
        names = {(partition, name): whole for partition, name, whole in cursor.fetchall()}
    below = {link.name for link in links if not link.schema}
    kept = {key: catalog[key] for key in catalog if _relation(key) not in below}
    return kept | {
        Key("partition", link.table, link.name): _attributes(link, catalog, names)
        for link in links
        if link.level == 1
    }


def _relation(key: Key) -> str:
    return key.table or (key.name if key.kind == "table" else "")


def _attributes(link: CatalogPartition, catalog: Catalog, names: Names) -> Attributes:
    state: Attributes = {
        "attached": "detach pending" if link.is_pending else "yes",
        "partition bound": link.bound,
        "schema": link.schema,
    }
    if link.schema:
        return state
    return {**folded(link.name, catalog, names), **state}


def folded(name: str, catalog: Catalog, names: Names) -> dict[str, Any]:
    """Return the attributes of the table `name` and of its parts as those of a single object."""
    attributes = _compared(catalog.get(Key("table", "", name), {}))
    for key in catalog:
        if key.table == name:
            whole = names.get((name, key.name))
            part = _compared(catalog[key])
            if whole and key.kind == "index":
                part["definition"] = "USING " + str(part["definition"]).partition(" USING ")[2]
            attributes[f"{key.kind} {whole or key.name}"] = part
    return attributes


def _compared(attributes: Attributes) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name not in NOT_COMPARED}
