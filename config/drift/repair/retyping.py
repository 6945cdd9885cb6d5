"""The change of a column's type."""

import re
from collections.abc import Iterator
from dataclasses import replace

from config.drift.repair.conversion import converted, is_lossy
from config.drift.repair.creation import create, set_default
from config.drift.repair.removal import remake_mentioning
from config.drift.repair.statements import Phase, Statement, alter, alter_column
from config.postgres.catalog import Attributes, Catalog, Key, quote


def retype(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Yield the statements that give a live column its expected type, collation and generation.

    An extra column has no expected type: it gets the type that now has the name of its old type.
    """
    found = live[key]
    wanted = expected.get(key, found)
    yield from _remake_generated_from(key, expected, live)
    if found.get("generated"):
        yield alter_column(Phase.TABLES, key, "DROP EXPRESSION")
    yield _alter_type(key, wanted, found)
    if wanted.get("default"):
        yield set_default(key, wanted["default"])


def _alter_type(key: Key, wanted: Attributes, found: Attributes) -> Statement:
    column, wanted_type, found_type = quote(key.name), str(wanted["type"]), str(found["type"])
    drop_default = f"ALTER COLUMN {column} DROP DEFAULT, " if found.get("default") else ""
    collation = f" COLLATE {wanted['collation']}" if wanted.get("collation") else ""
    values = converted(column, found_type, wanted_type)
    return alter(
        Phase.COLUMNS,
        key,
        f"{drop_default}ALTER COLUMN {column} TYPE {wanted_type}{collation} USING {values}",
        destructive=is_lossy(found_type, wanted_type),
    )


def _remake_generated_from(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Recreate the columns computed from this one: PostgreSQL would refuse to alter its type."""
    for column in live:
        if column.kind == "column" and column.table == key.table and column in expected:
            expression = str(live[column].get("generated") or "")
            if re.search(rf"\b{re.escape(key.name)}\b", expression):
                yield from remake_column(column, expected, live)


def is_stored(column: Attributes) -> bool:
    """Return whether the column is generated, and has values nevertheless."""
    return str(column.get("generated") or "").endswith(" STORED")


def remake_column(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Drop and recreate a column, which destroys data unless its values can be computed again."""
    wanted, found = expected[key].get("generated"), live[key].get("generated")
    destructive = not found or (is_stored(live[key]) and not wanted)
    yield from remake_mentioning(rf"\b{re.escape(key.name)}\b", expected, live, key.table)
    yield alter(Phase.DROP_PARTS, key, f"DROP COLUMN {quote(key.name)}", destructive)
    for statement in create(key, expected):
        yield replace(statement, destructive=destructive)
