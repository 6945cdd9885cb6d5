"""The system catalog as Python values: objects, definitions, dependents and privileges."""

from config.postgres.catalog.catalog import (
    CatalogError,
    Schema,
    read_catalog,
    read_needed,
    read_owners,
    read_relations,
    read_schema,
    read_shadows,
    read_with_members,
    without_members,
)
from config.postgres.catalog.definitions import (
    Definition,
    drop_and_recreate,
    read_definitions,
)
from config.postgres.catalog.dependencies import Address, transposed
from config.postgres.catalog.disk_usage import DiskUsage, read_disk_usage
from config.postgres.catalog.objects import Attributes, Catalog, Key, Value
from config.postgres.catalog.obstacles import Obstacle, read_obstacles
from config.postgres.catalog.privileges import check_may_create_temporary, check_may_read
from config.postgres.catalog.quoting import literal, quote
from config.postgres.catalog.type_dependents import (
    Dependents,
    read_dependents,
    read_dependents_outside,
)

__all__ = [
    "Address",
    "Attributes",
    "Catalog",
    "CatalogError",
    "Definition",
    "Dependents",
    "DiskUsage",
    "Key",
    "Obstacle",
    "Schema",
    "Value",
    "check_may_create_temporary",
    "check_may_read",
    "drop_and_recreate",
    "literal",
    "quote",
    "read_catalog",
    "read_definitions",
    "read_dependents",
    "read_dependents_outside",
    "read_disk_usage",
    "read_needed",
    "read_obstacles",
    "read_owners",
    "read_relations",
    "read_schema",
    "read_shadows",
    "read_with_members",
    "transposed",
    "without_members",
]
