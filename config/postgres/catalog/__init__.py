"""pg_catalog as Python values: objects, definitions, dependents, privileges, quoting."""

from config.postgres.catalog.catalog import (
    Attributes,
    Catalog,
    CatalogError,
    Key,
    Schema,
    Value,
    read_catalog,
    read_owners,
    read_schema,
    read_shadows,
    read_with_members,
    without_members,
)
from config.postgres.catalog.definitions import Definition, Step, in_order, read_definitions
from config.postgres.catalog.dependents import Dependents, read_dependents
from config.postgres.catalog.privileges import check_may_create_temporary, check_may_read
from config.postgres.catalog.quoting import literal, quote

__all__ = [
    "Attributes",
    "Catalog",
    "CatalogError",
    "Definition",
    "Dependents",
    "Key",
    "Schema",
    "Step",
    "Value",
    "check_may_create_temporary",
    "check_may_read",
    "in_order",
    "literal",
    "quote",
    "read_catalog",
    "read_definitions",
    "read_dependents",
    "read_owners",
    "read_schema",
    "read_shadows",
    "read_with_members",
    "without_members",
]
