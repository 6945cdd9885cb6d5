"""Objects that are missing."""

from collections.abc import Iterator
from typing import Any

from config.drift.repair.statements import CONSTRAINTS, Statement, Step, alter, items, keyword
from config.postgres.catalog import Attributes, Catalog, Key, literal, quote


def create(key: Key, expected: Catalog) -> Iterator[Statement]:
    attributes = expected[key]
    if key.kind == "table":
        yield from create_table(key, expected)
    elif key.kind == "column":
        step = Step.GENERATED_COLUMNS if attributes.get("generated") else Step.COLUMNS
        yield alter(step, key, f"ADD COLUMN {_column(key, attributes)}")
    elif key.kind in CONSTRAINTS:
        definition = f"ADD CONSTRAINT {quote(key.name)} {attributes['definition']}"
        yield alter(CONSTRAINTS[key.kind], key, definition)
    elif key.kind == "index":
        yield Statement(Step.INDEXES, f"{attributes['definition']};")
    elif key.kind == "enum type":
        labels = ", ".join(map(literal, items(attributes["labels"])))
        yield Statement(Step.TYPES, f"CREATE TYPE {quote(key.name)} AS ENUM ({labels});")
    if attributes.get("comment"):
        yield comment(key, attributes.get("comment"))


def create_table(table: Key, expected: Catalog) -> Iterator[Statement]:
    parts = [key for key in expected if key.table == table.name]
    columns = [key for key in parts if key.kind == "column"]
    body = ",\n".join(f"    {_column(key, expected[key])}" for key in columns)
    yield Statement(Step.TABLES, f"CREATE TABLE {quote(table.name)} (\n{body}\n);")
    for key in columns:
        if expected[key].get("comment"):
            yield comment(key, expected[key].get("comment"))
    for key in parts:
        if key.kind != "column":
            yield from create(key, expected)


def _column(key: Key, attributes: Attributes) -> str:
    words = [quote(key.name), str(attributes["type"])]
    if attributes.get("collation"):
        words.append(f"COLLATE {attributes['collation']}")
    if attributes.get("generated"):
        expression, _, storage = str(attributes.get("generated")).rpartition(" ")
        words.append(f"GENERATED ALWAYS AS ({expression}) {storage}")
    if attributes.get("identity"):
        words.append(identity_clause(attributes.get("identity")))
    if attributes.get("default"):
        words.append(f"DEFAULT {attributes['default']}")
    if attributes.get("not null"):
        words.append("NOT NULL")
    return " ".join(words)


def identity_clause(identity: Any) -> str:
    return f"GENERATED {identity['generated']} AS IDENTITY"


def comment(key: Key, text: object) -> Statement:
    subject = f"{keyword(key, {})} {quote(key.name)}"
    if key.kind == "column":
        subject = f"COLUMN {quote(key.table)}.{quote(key.name)}"
    elif key.kind in CONSTRAINTS:
        subject = f"CONSTRAINT {quote(key.name)} ON {quote(key.table)}"
    return Statement(Step.FINISH, f"COMMENT ON {subject} IS {literal(text)};")


def set_default(key: Key, default: object) -> Statement:
    action = f"SET DEFAULT {default}" if default else "DROP DEFAULT"
    return alter(Step.DEFAULTS, key, f"ALTER COLUMN {quote(key.name)} {action}")
