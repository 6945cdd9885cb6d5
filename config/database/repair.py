"""Drift -> the SQL that puts the live schema right. Pure: it runs nothing.

What would destroy data comes out as a comment: that is for somebody to decide.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from config.database.catalog import Attributes, Catalog, Key
from config.database.diff import Drift

# The order in which statements work.
TYPES, DROPS, TABLES, COLUMNS, KEYS, CHECKS, FOREIGN_KEYS, INDEXES, LAST = range(9)

CONSTRAINTS = {
    "primary key": KEYS,
    "unique constraint": KEYS,
    "exclusion constraint": KEYS,
    "check": CHECKS,
    "not null": CHECKS,
    "foreign key": FOREIGN_KEYS,
}
# Kinds of objects that hold data, or that somebody's data is of.
DATA = {"table", "sequence", "view", "enum type", "domain", "range type", "composite type"}


@dataclass(frozen=True)
class Statement:
    """One statement of a repair script, and its place in it."""

    rank: int
    sql: str
    destructive: bool = False

    def __str__(self) -> str:
        return f"-- DESTRUCTIVE: {self.sql}" if self.destructive else self.sql


def ordered(statements: Iterable[Statement]) -> list[Statement]:
    """The statements in an order that works, each once."""
    return sorted(dict.fromkeys(statements), key=lambda statement: statement.rank)


def repair(drift: Drift, expected: Catalog, live: Catalog) -> list[Statement]:
    """What puts `drift` right; empty where no statement could."""
    key = drift.key
    if drift.problem == "missing":
        return list(_create(key, expected))
    if drift.problem == "extra":
        return [_drop(key, live[key])]
    if drift.attribute == "comment":
        return [_comment(key, drift.expected)]
    if drift.attribute == "definition" and key.kind in (*CONSTRAINTS, "index"):
        return [_drop(key, live[key]), *_create(key, expected)]
    if drift.attribute in ("type", "collation", "generated") and key.kind == "column":
        return list(_retype(key, expected[key], live[key]))
    change = CHANGES.get((key.kind, drift.attribute)) or CHANGES.get(("", drift.attribute))
    return list(change(drift)) if change else []


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    return "NULL" if text is None else "'" + str(text).replace("'", "''") + "'"


def _alter(key: Key, action: str, rank: int) -> Statement:
    return Statement(rank, f"ALTER TABLE {quote(key.table or key.name)} {action};")


# Objects that are missing


def _create(key: Key, expected: Catalog) -> Iterator[Statement]:
    attributes = expected[key]
    if key.kind == "table":
        yield from _create_table(key, expected)
    elif key.kind == "column":
        yield _alter(key, f"ADD COLUMN {_column(key, attributes)}", COLUMNS)
    elif key.kind in CONSTRAINTS:
        definition = f"ADD CONSTRAINT {quote(key.name)} {attributes['definition']}"
        yield _alter(key, definition, CONSTRAINTS[key.kind])
    elif key.kind == "index":
        yield Statement(INDEXES, f"{attributes['definition']};")
    elif key.kind == "enum type":
        labels = ", ".join(map(literal, _items(attributes["labels"])))
        yield Statement(TYPES, f"CREATE TYPE {quote(key.name)} AS ENUM ({labels});")
    if attributes.get("comment"):
        yield _comment(key, attributes.get("comment"))


def _create_table(table: Key, expected: Catalog) -> Iterator[Statement]:
    parts = [key for key in expected if key.table == table.name]
    columns = [key for key in parts if key.kind == "column"]
    body = ",\n".join(f"    {_column(key, expected[key])}" for key in columns)
    yield Statement(TABLES, f"CREATE TABLE {quote(table.name)} (\n{body}\n);")
    for key in columns:
        if expected[key].get("comment"):
            yield _comment(key, expected[key].get("comment"))
    for key in parts:
        if key.kind != "column":
            yield from _create(key, expected)


def _column(key: Key, attributes: Attributes) -> str:
    words = [quote(key.name), str(attributes["type"])]
    if attributes.get("collation"):
        words.append(f"COLLATE {attributes['collation']}")
    if attributes.get("generated"):
        expression, _, storage = str(attributes.get("generated")).rpartition(" ")
        words.append(f"GENERATED ALWAYS AS ({expression}) {storage}")
    if attributes.get("identity"):
        words.append(f"GENERATED {attributes['identity']} AS IDENTITY")
    if attributes.get("default"):
        words.append(f"DEFAULT {attributes['default']}")
    if attributes.get("not null"):
        words.append("NOT NULL")
    return " ".join(words)


# Objects that are extra


def _drop(key: Key, found: Attributes) -> Statement:
    if key.kind == "column":
        return replace(_alter(key, f"DROP COLUMN {quote(key.name)}", LAST), destructive=True)
    if key.kind in CONSTRAINTS:
        return _alter(key, f"DROP CONSTRAINT {quote(key.name)}", DROPS)
    if key.kind in DATA:
        return Statement(LAST, f"DROP {_keyword(key, found)} {quote(key.name)};", destructive=True)
    on_table = "" if key.kind == "index" else f" ON {quote(key.table)}"
    return Statement(DROPS, f"DROP {key.kind.upper()} {quote(key.name)}{on_table};")


def _keyword(key: Key, attributes: Attributes) -> str:
    if key.kind.endswith(" type"):
        return "TYPE"
    return str(attributes.get("kind", key.kind)).upper().removeprefix("PARTITIONED ")


# Attributes that are different


def _comment(key: Key, text: object) -> Statement:
    if key.kind == "column":
        subject = f"COLUMN {quote(key.table)}.{quote(key.name)}"
    elif key.kind in CONSTRAINTS:
        subject = f"CONSTRAINT {quote(key.name)} ON {quote(key.table)}"
    else:
        subject = f"{_keyword(key, {})} {quote(key.name)}"
    return Statement(LAST, f"COMMENT ON {subject} IS {literal(text)};")


def _retype(key: Key, expected: Attributes, found: Attributes) -> Iterator[Statement]:
    column = quote(key.name)
    if expected.get("generated"):  # what it is computed from stays
        yield replace(
            _alter(key, f"DROP COLUMN {column}", DROPS), destructive=not found.get("generated")
        )
        yield _alter(key, f"ADD COLUMN {_column(key, expected)}", COLUMNS)
        return
    if found.get("generated"):
        yield _alter(key, f"ALTER COLUMN {column} DROP EXPRESSION", TABLES)
    collation = f" COLLATE {expected['collation']}" if expected.get("collation") else ""
    default = f", ALTER COLUMN {column} SET DEFAULT {expected['default']}"
    yield _alter(
        key,
        f"ALTER COLUMN {column} DROP DEFAULT, ALTER COLUMN {column} TYPE {expected['type']}"
        f"{collation} USING {column}::text::{expected['type']}"
        f"{default if expected['default'] else ''}",
        COLUMNS,
    )


def _change_column(drift: Drift, action: str) -> Iterator[Statement]:
    yield _alter(drift.key, f"ALTER COLUMN {quote(drift.key.name)} {action}", COLUMNS)


def _nullability(drift: Drift) -> Iterator[Statement]:
    return _change_column(drift, f"{'SET' if drift.expected else 'DROP'} NOT NULL")


def _default(drift: Drift) -> Iterator[Statement]:
    expected = drift.expected
    return _change_column(drift, f"SET DEFAULT {expected}" if expected else "DROP DEFAULT")


def _identity(drift: Drift) -> Iterator[Statement]:
    if not drift.expected:
        return _change_column(drift, "DROP IDENTITY")
    verb = "SET GENERATED" if drift.found else "ADD GENERATED"
    return _change_column(drift, f"{verb} {drift.expected}{'' if drift.found else ' AS IDENTITY'}")


def _identity_sequence(drift: Drift) -> Iterator[Statement]:
    if drift.expected and drift.found:  # else the identity itself is put right
        options = _sequence_options(drift.expected)
        yield from _change_column(drift, " ".join(f"SET {option}" for option in options))


def _sequence_options(sequence: Any) -> list[str]:
    return [
        f"START WITH {sequence['start']}",
        f"INCREMENT BY {sequence['increment']}",
        f"MINVALUE {sequence['minimum']}",
        f"MAXVALUE {sequence['maximum']}",
        f"CACHE {sequence['cache']}",
        "CYCLE" if sequence["cycle"] else "NO CYCLE",
    ]


def _validate(drift: Drift) -> Iterator[Statement]:
    yield _alter(drift.key, f"VALIDATE CONSTRAINT {quote(drift.key.name)}", LAST)


def _enable_triggers(drift: Drift) -> Iterator[Statement]:
    yield _alter(drift.key, "ENABLE TRIGGER ALL", LAST)


def _reindex(drift: Drift) -> Iterator[Statement]:
    yield Statement(INDEXES, f"REINDEX INDEX {quote(drift.key.name)};")


def _persistence(drift: Drift) -> Iterator[Statement]:
    yield _alter(drift.key, f"SET {str(drift.expected).upper()}", TABLES)


def _access_method(drift: Drift) -> Iterator[Statement]:
    yield _alter(drift.key, f"SET ACCESS METHOD {quote(str(drift.expected))}", TABLES)


def _storage_parameters(drift: Drift) -> Iterator[Statement]:
    wanted, found = _items(drift.expected), _items(drift.found)
    extra = {item.partition("=")[0] for item in found} - {item.partition("=")[0] for item in wanted}
    if extra:
        yield _alter(drift.key, f"RESET ({', '.join(sorted(extra))})", TABLES)
    if wanted:
        yield _alter(drift.key, f"SET ({', '.join(wanted)})", TABLES)


def _row_level_security(drift: Drift) -> Iterator[Statement]:
    verb = "ENABLE" if drift.expected else "DISABLE"
    yield _alter(drift.key, f"{verb} ROW LEVEL SECURITY", TABLES)


def _forced_row_level_security(drift: Drift) -> Iterator[Statement]:
    verb = "FORCE" if drift.expected else "NO FORCE"
    yield _alter(drift.key, f"{verb} ROW LEVEL SECURITY", TABLES)


def _replica_identity(drift: Drift) -> Iterator[Statement]:
    yield _alter(drift.key, "REPLICA IDENTITY DEFAULT", TABLES)


def _owner(drift: Drift) -> Iterator[Statement]:
    keyword = _keyword(drift.key, {})
    sql = f"ALTER {keyword} {quote(drift.key.name)} OWNER TO {quote(str(drift.expected))};"
    yield Statement(LAST, sql)


def _inherits(drift: Drift) -> Iterator[Statement]:
    for parent in _items(drift.found):
        if parent not in _items(drift.expected):
            yield _alter(drift.key, f"NO INHERIT {parent}", TABLES)


def _labels(drift: Drift) -> Iterator[Statement]:
    """Add what is missing. A type cannot lose a label, nor change their order."""
    expected, found = _items(drift.expected), _items(drift.found)
    if [label for label in expected if label in found] != found:
        return
    for position, label in enumerate(expected):
        if label not in found:
            place = (
                f"AFTER {literal(expected[position - 1])}"
                if position
                else f"BEFORE {literal(found[0])}"
            )
            sql = f"ALTER TYPE {quote(drift.key.name)} ADD VALUE {literal(label)} {place};"
            yield Statement(TYPES, sql)


def _items(value: Any) -> list[str]:
    return list(value or [])


CHANGES: dict[tuple[str, str], Callable[[Drift], Iterator[Statement]]] = {
    ("column", "not null"): _nullability,
    ("column", "default"): _default,
    ("column", "identity"): _identity,
    ("column", "identity sequence"): _identity_sequence,
    ("", "validated"): _validate,
    ("", "enforcing triggers"): _enable_triggers,
    ("", "index valid"): _reindex,
    ("index", "valid"): _reindex,
    ("table", "persistence"): _persistence,
    ("table", "access method"): _access_method,
    ("table", "storage parameters"): _storage_parameters,
    ("table", "row level security"): _row_level_security,
    ("table", "row level security for the owner"): _forced_row_level_security,
    ("table", "replica identity"): _replica_identity,
    ("table", "inherits"): _inherits,
    ("enum type", "labels"): _labels,
    ("", "owner"): _owner,
}
