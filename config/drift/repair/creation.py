"""The SQL that creates missing objects and sets comments and defaults."""

from collections.abc import Iterator
from typing import Any

from config.drift.difference import parts_of
from config.drift.other_schemas import SEPARATOR
from config.drift.repair.partition_statements import create_partition
from config.drift.repair.phases import (
    CONSTRAINT_PHASES,
    Phase,
    Statement,
    alter_column,
    alter_table,
    as_list,
    kind_and_name,
    quoted_table,
)
from config.postgres.catalog import Attributes, Catalog, Key, literal, quote


def create(key: Key, expected: Catalog) -> Iterator[Statement]:
    """Yield the statements that create an expected object and its comment."""
    attributes = expected[key]
    if key.kind == "table":
        yield from _create_table(key, expected)
    elif key.kind == "partition":
        yield create_partition(key, expected)
    elif key.kind == "column":
        phase = Phase.GENERATED_COLUMNS if attributes.get("generated") else Phase.COLUMNS
        yield alter_table(phase, key, f"ADD COLUMN {_column_definition(key, attributes)}")
    elif key.kind in CONSTRAINT_PHASES:
        definition = f"ADD CONSTRAINT {quote(key.name)} {attributes['definition']}"
        yield alter_table(CONSTRAINT_PHASES[key.kind], key, definition)
    elif key.kind == "index":
        yield Statement(Phase.INDEXES, f"{attributes['definition']};")
    elif key.kind == "enum type":
        labels = ", ".join(map(literal, as_list(attributes["labels"])))
        yield Statement(Phase.TYPES, f"CREATE TYPE {quote(key.name)} AS ENUM ({labels});")
    if attributes.get("comment"):
        yield comment(key, attributes["comment"])


def _create_table(table: Key, expected: Catalog) -> Iterator[Statement]:
    columns = parts_of(table.name, "column", expected)
    body = ",\n".join(f"    {_column_definition(key, expected[key])}" for key in columns)
    if schema := table.name.rpartition(SEPARATOR)[0]:
        yield Statement(Phase.EXTENSIONS, f"CREATE SCHEMA IF NOT EXISTS {quote(schema)};")
    partition_key = expected[table].get("partition key")
    partition_by = f" PARTITION BY {partition_key}" if partition_key else ""
    yield Statement(
        Phase.TABLES, f"CREATE TABLE {quoted_table(table.name)} (\n{body}\n){partition_by};"
    )
    for key in [key for key in expected if key.table == table.name]:
        if key.kind != "column":
            yield from create(key, expected)
        elif expected[key].get("comment"):
            yield comment(key, expected[key]["comment"])


def _column_definition(key: Key, attributes: Attributes) -> str:
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
    """Return the statement that sets the object's comment, or removes it if `text` is None."""
    subject = kind_and_name(key)
    if key.kind == "column":
        subject = f"COLUMN {quoted_table(key.table)}.{quote(key.name)}"
    elif key.kind in CONSTRAINT_PHASES:
        subject = f"CONSTRAINT {quote(key.name)} ON {quoted_table(key.table)}"
    return Statement(Phase.FINISH, f"COMMENT ON {subject} IS {literal(text)};")


def set_default(key: Key, default: object) -> Statement:
    """Return the statement that sets the column's default, or drops it if `default` is None."""
    return alter_column(
        Phase.DEFAULTS, key, f"SET DEFAULT {default}" if default else "DROP DEFAULT"
    )
