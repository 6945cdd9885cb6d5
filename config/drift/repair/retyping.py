"""The SQL that changes the type of a column."""

import re
from collections.abc import Iterator
from dataclasses import replace

from config.drift.difference import mentions, parts_of
from config.drift.repair.conversion import conversion_sql, is_lossy
from config.drift.repair.creation import create, set_default
from config.drift.repair.phases import Phase, Statement, alter_column, alter_table
from config.drift.repair.removal import recreate_mentioning
from config.postgres.catalog import Attributes, Catalog, Key, quote


def retype(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Yield the statements that give a live column its expected type, collation and generation.

    An extra column changes to the new type of the same name.
    """
    found = live[key]
    wanted = expected.get(key, found)
    yield from _recreate_generated_from(key, expected, live)
    if found.get("generated"):
        yield alter_column(Phase.TABLES, key, "DROP EXPRESSION")
    yield _alter_type(key, wanted, found)
    if wanted.get("default"):
        yield set_default(key, wanted["default"])


def _alter_type(key: Key, wanted: Attributes, found: Attributes) -> Statement:
    column, wanted_type, found_type = quote(key.name), str(wanted["type"]), str(found["type"])
    drop_default = f"ALTER COLUMN {column} DROP DEFAULT, " if found.get("default") else ""
    collation = f" COLLATE {wanted['collation']}" if wanted.get("collation") else ""
    values = conversion_sql(column, found_type, wanted_type)
    return alter_table(
        Phase.COLUMNS,
        key,
        f"{drop_default}ALTER COLUMN {column} TYPE {wanted_type}{collation} USING {values}",
        destructive=is_lossy(found_type, wanted_type),
    )


def _recreate_generated_from(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Recreate the columns generated from the column, because they prevent a change of its type."""
    for column in parts_of(key.table, "column", live):
        expression = str(live[column].get("generated") or "")
        if column in expected and mentions(expression, key.name):
            yield from recreate_column(column, expected, live)


def is_stored(column: Attributes) -> bool:
    """Return whether the column is a stored generated column."""
    return str(column.get("generated") or "").endswith(" STORED")


def recreate_column(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Drop and recreate a column. This is destructive if its values cannot be computed again."""
    wanted, found = expected[key].get("generated"), live[key].get("generated")
    destructive = not found or (is_stored(live[key]) and not wanted)
    yield from recreate_mentioning(rf"\b{re.escape(key.name)}\b", expected, live, key.table)
    yield alter_table(Phase.DROP_PARTS, key, f"DROP COLUMN {quote(key.name)}", destructive)
    for statement in create(key, expected):
        yield replace(statement, destructive=destructive)
