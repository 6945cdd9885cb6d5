"""Attributes that are different."""

from collections.abc import Callable, Iterator
from typing import Any

from config.drift.diff import Drift
from config.drift.repair.create import comment, identity_clause, set_default
from config.drift.repair.statements import Statement, Step, alter, items, keyword
from config.postgres.catalog import Attributes, Key, literal, quote


def _index_comment(drift: Drift) -> Iterator[Statement]:
    yield comment(Key("index", drift.key.table, drift.key.name), drift.expected)


def _default(drift: Drift) -> Iterator[Statement]:
    yield set_default(drift.key, drift.expected)


def _change_column(drift: Drift, step: Step, action: str) -> Statement:
    return alter(step, drift.key, f"ALTER COLUMN {quote(drift.key.name)} {action}")


def _nullability(drift: Drift) -> Iterator[Statement]:
    verb = "SET" if drift.expected else "DROP"
    yield _change_column(drift, Step.COLUMNS, f"{verb} NOT NULL")


def _not_null_constraint(drift: Drift) -> Iterator[Statement]:
    """Whose name does not matter, so it is made anew."""
    column = quote(drift.key.name)
    action = f"ALTER COLUMN {column} DROP NOT NULL, ALTER COLUMN {column} SET NOT NULL"
    yield alter(Step.COLUMNS, drift.key, action)


def _identity(drift: Drift) -> Iterator[Statement]:
    wanted: Any = drift.expected
    found: Any = drift.found
    if not wanted:
        yield _change_column(drift, Step.COLUMNS, "DROP IDENTITY")
    elif not found:
        yield _change_column(drift, Step.IDENTITIES, f"ADD {identity_clause(wanted)}")
        yield _continue_after_highest(drift.key)
    else:
        yield from _identity_sequence(drift.key, wanted, found)
        changed = [option for option in IDENTITY_OPTIONS if wanted[option] != found[option]]
        if changed:
            options = " ".join(IDENTITY_OPTIONS[option](wanted[option]) for option in changed)
            yield _change_column(drift, Step.IDENTITIES, options)


IDENTITY_OPTIONS: dict[str, Callable[[Any], str]] = {
    "generated": lambda value: f"SET GENERATED {value}",
    "minimum": lambda value: f"SET MINVALUE {value}",
    "maximum": lambda value: f"SET MAXVALUE {value}",
    "start": lambda value: f"SET START WITH {value}",
    "increment": lambda value: f"SET INCREMENT BY {value}",
    "cache": lambda value: f"SET CACHE {value}",
    "cycle": lambda value: "SET CYCLE" if value else "SET NO CYCLE",
}


def _continue_after_highest(key: Key) -> Statement:
    table, column = quote(key.table), quote(key.name)
    sql = (
        f"SELECT setval({_sequence_of(key)}, max({column})) FROM {table}"  # noqa: S608
        f" HAVING max({column}) > 0;"
    )
    return Statement(Step.IDENTITIES, sql)


def _sequence_of(key: Key) -> str:
    return f"pg_get_serial_sequence({literal(quote(key.table))}, {literal(key.name)})"


def _identity_sequence(key: Key, wanted: Any, found: Any) -> Iterator[Statement]:
    """What only the sequence itself can be told; its name is PostgreSQL's choice."""
    actions = []
    if wanted["type"] != found["type"]:
        actions.append(f"ALTER SEQUENCE %s AS {wanted['type']}")
    if wanted["unlogged"] != found["unlogged"]:
        actions.append("ALTER SEQUENCE %s SET LOGGED")
    if wanted["comment"] != found["comment"]:
        actions.append("COMMENT ON SEQUENCE %s IS NULL")
    for action in actions:
        execute = f"EXECUTE format({literal(action)}, {_sequence_of(key)});"
        yield Statement(Step.IDENTITIES, f"DO $$ BEGIN {execute} END $$;")


def _validate(drift: Drift) -> Iterator[Statement]:
    yield alter(Step.FINISH, drift.key, f"VALIDATE CONSTRAINT {quote(drift.key.name)}")


def _reindex(drift: Drift) -> Iterator[Statement]:
    yield Statement(Step.INDEXES, f"REINDEX INDEX {quote(drift.key.name)};")


def _persistence(drift: Drift) -> Iterator[Statement]:
    yield alter(Step.TABLES, drift.key, f"SET {str(drift.expected).upper()}")


def _access_method(drift: Drift) -> Iterator[Statement]:
    action = f"SET ACCESS METHOD {quote(str(drift.expected))}"
    yield alter(Step.TABLES, drift.key, action)


def _storage_parameters(drift: Drift) -> Iterator[Statement]:
    subject = f"ALTER {'TABLE' if drift.key.kind == 'table' else 'INDEX'} {quote(drift.key.name)}"
    wanted, found = items(drift.expected), items(drift.found)
    extra = {item.partition("=")[0] for item in found} - {item.partition("=")[0] for item in wanted}
    if extra:
        yield Statement(Step.FINISH, f"{subject} RESET ({', '.join(sorted(extra))});")
    if wanted:
        yield Statement(Step.FINISH, f"{subject} SET ({', '.join(wanted)});")


def _row_level_security(drift: Drift) -> Iterator[Statement]:
    verb = "ENABLE" if drift.expected else "DISABLE"
    yield alter(Step.TABLES, drift.key, f"{verb} ROW LEVEL SECURITY")


def _forced_row_level_security(drift: Drift) -> Iterator[Statement]:
    verb = "FORCE" if drift.expected else "NO FORCE"
    yield alter(Step.TABLES, drift.key, f"{verb} ROW LEVEL SECURITY")


def _replica_identity(drift: Drift) -> Iterator[Statement]:
    yield alter(Step.TABLES, drift.key, "REPLICA IDENTITY DEFAULT")


def _owner(drift: Drift) -> Iterator[Statement]:
    subject = f"{keyword(drift.key, {})} {quote(drift.key.name)}"
    yield Statement(Step.FINISH, f"ALTER {subject} OWNER TO {quote(str(drift.expected))};")


def _leave_extension(drift: Drift) -> Iterator[Statement]:
    subject = f"{keyword(drift.key, {})} {quote(drift.key.name)}"
    sql = f"ALTER EXTENSION {quote(str(drift.found))} DROP {subject};"
    yield Statement(Step.EXTENSIONS, sql)


def _of_type(drift: Drift) -> Iterator[Statement]:
    if not drift.expected:
        yield alter(Step.TABLES, drift.key, "NOT OF")


def leave_parents(key: Key, expected: Attributes, found: Attributes) -> Iterator[Statement]:
    for parent in items(found["inherits"]):
        if found["partition bound"]:
            sql = f"ALTER TABLE {parent} DETACH PARTITION {quote(key.name)};"
            yield Statement(Step.LEAVE_PARENTS, sql)
        elif parent not in items(expected.get("inherits")):
            yield alter(Step.LEAVE_PARENTS, key, f"NO INHERIT {parent}")


def _inherited_by(drift: Drift) -> Iterator[Statement]:
    for child in items(drift.found):
        sql = f"ALTER TABLE {child} NO INHERIT {quote(drift.key.name)};"
        if child not in items(drift.expected):
            yield Statement(Step.LEAVE_PARENTS, sql)


CHANGES: dict[tuple[str, str], Callable[[Drift], Iterator[Statement]]] = {
    ("column", "not null"): _nullability,
    ("column", "not null constraint"): _not_null_constraint,
    ("column", "default"): _default,
    ("column", "identity"): _identity,
    ("", "validated"): _validate,
    ("", "index valid"): _reindex,
    ("", "index storage parameters"): _storage_parameters,
    ("", "index comment"): _index_comment,
    ("index", "valid"): _reindex,
    ("table", "persistence"): _persistence,
    ("table", "access method"): _access_method,
    ("table", "storage parameters"): _storage_parameters,
    ("table", "row level security"): _row_level_security,
    ("table", "row level security for the owner"): _forced_row_level_security,
    ("table", "replica identity"): _replica_identity,
    ("table", "of type"): _of_type,
    ("table", "inherited by"): _inherited_by,
    ("", "owner"): _owner,
    ("", "extension"): _leave_extension,
}
