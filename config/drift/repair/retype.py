"""Columns of another type."""

import re
from collections.abc import Iterator

from config.drift.repair.conversion import converted, is_lossy
from config.drift.repair.create import create, set_default
from config.drift.repair.drop import remake_mentioning
from config.drift.repair.statements import Statement, Step, alter
from config.postgres.catalog import Attributes, Catalog, Key, quote


def retype(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Also of a column that is extra, whose type has been replaced by one of the same name."""
    found = live[key]
    wanted = expected.get(key, found)
    yield from _remake_generated_from(key, expected, live)
    if found.get("generated"):
        yield alter(Step.TABLES, key, f"ALTER COLUMN {quote(key.name)} DROP EXPRESSION")
    yield _alter_type(key, wanted, found)
    if wanted.get("default"):
        yield set_default(key, wanted["default"])


def _alter_type(key: Key, wanted: Attributes, found: Attributes) -> Statement:
    column, wanted_type, found_type = quote(key.name), str(wanted["type"]), str(found["type"])
    drop_default = f"ALTER COLUMN {column} DROP DEFAULT, " if found.get("default") else ""
    collation = f" COLLATE {wanted['collation']}" if wanted.get("collation") else ""
    values = converted(column, found_type, wanted_type)
    return alter(
        Step.COLUMNS,
        key,
        f"{drop_default}ALTER COLUMN {column} TYPE {wanted_type}{collation} USING {values}",
        destructive=is_lossy(found_type, wanted_type),
    )


def _remake_generated_from(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """PostgreSQL alters no type that another column is computed from."""
    for column in live:
        if column.kind == "column" and column.table == key.table and column in expected:
            expression = str(live[column].get("generated") or "")
            if re.search(rf"\b{re.escape(key.name)}\b", expression):
                yield from remake_column(column, expected, live)


def remake_column(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Nothing is lost where the column was computed from others."""
    destructive = not live[key].get("generated")
    yield from remake_mentioning(rf"\b{re.escape(key.name)}\b", expected, live, key.table)
    yield alter(Step.DROP_PARTS, key, f"DROP COLUMN {quote(key.name)}", destructive)
    for statement in create(key, expected):
        yield Statement(statement.step, statement.sql, destructive)
