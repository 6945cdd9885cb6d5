"""The creation of missing objects."""

from collections.abc import Iterator
from typing import Any

from config.drift.repair.attaching import create_partition
from config.drift.repair.statements import (
    CONSTRAINT_PHASES,
    Phase,
    Statement,
    alter,
    alter_column,
    items,
    named,
    relation,
)
from config.drift.schemas import SEPARATOR
from config.postgres.catalog import Attributes, Catalog, Key, literal, quote


def create(key: Key, expected: Catalog) -> Iterator[Statement]:
    """Yield the statements that create an expected object with its comment."""
    attributes = expected[key]
    if key.kind == "table":
        yield from _create_table(key, expected)
    elif key.kind == "partition":
        yield create_partition(key, expected)
    elif key.kind == "column":
        phase = Phase.GENERATED_COLUMNS if attributes.get("generated") else Phase.COLUMNS
        yield alter(phase, key, f"ADD COLUMN {_column(key, attributes)}")
    elif key.kind in CONSTRAINT_PHASES:
        definition = f"ADD CONSTRAINT {quote(key.name)} {attributes['definition']}"
        yield alter(CONSTRAINT_PHASES[key.kind], key, definition)
    elif key.kind == "index":
        yield Statement(Phase.INDEXES, f"{attributes['definition']};")
    elif key.kind == "enum type":
        labels = ", ".join(map(literal, items(attributes["labels"])))
        yield Statement(Phase.TYPES, f"CREATE TYPE {quote(key.name)} AS ENUM ({labels});")
    if attributes.get("comment"):
        yield comment(key, attributes["comment"])


def _create_table(table: Key, expected: Catalog) -> Iterator[Statement]:
    parts = [key for key in expected if key.table == table.name]
    columns = [key for key in parts if key.kind == "column"]
    body = ",\n".join(f"    {_column(key, expected[key])}" for key in columns)
    if schema := table.name.rpartition(SEPARATOR)[0]:
        yield Statement(Phase.EXTENSIONS, f"CREATE SCHEMA IF NOT EXISTS {quote(schema)};")
    by = expected[table].get("partition key")
    divided = f" PARTITION BY {by}" if by else ""
    yield Statement(Phase.TABLES, f"CREATE TABLE {relation(table.name)} (\n{body}\n){divided};")
    for key in parts:
        if key.kind != "column":
            yield from create(key, expected)
        elif expected[key].get("comment"):
            yield comment(key, expected[key]["comment"])


def _column(key: Key, attributes: Attributes) -> str:
    words = [quote(key.name), str(attributes["type"])]
    if attributes.get("collation"):
        words.append(f"COLLATE {attributes['collation']}")
    if attributes.get("generated"):
        expression, _, storage = str(attributes["generated"]).rpartition(" ")
        words.append(f"GENERATED ALWAYS AS ({expression}) {storage}")
    if attributes.get("identity"):
        words.append(identity_clause(attributes["identity"]))
    if attributes.get("default"):
        words.append(f"DEFAULT {attributes['default']}")
    if attributes.get("not null"):
        words.append("NOT NULL")
    return " ".join(words)


def identity_clause(identity: Any) -> str:
    """Return the clause that makes a column an identity column."""
    return f"GENERATED {identity['generated']} AS IDENTITY"


def comment(key: Key, text: object) -> Statement:
    """Return the statement that gives the object the comment `text`, or removes its comment."""
    subject = named(key)
    if key.kind == "column":
        subject = f"COLUMN {relation(key.table)}.{quote(key.name)}"
    elif key.kind in CONSTRAINT_PHASES:
        subject = f"CONSTRAINT {quote(key.name)} ON {relation(key.table)}"
    return Statement(Phase.FINISH, f"COMMENT ON {subject} IS {literal(text)};")


def set_default(key: Key, default: object) -> Statement:
    """Return the statement that sets the column's default, or drops it if `default` is empty."""
    return alter_column(
        Phase.DEFAULTS, key, f"SET DEFAULT {default}" if default else "DROP DEFAULT"
    )
