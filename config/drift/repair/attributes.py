"""The SQL that changes one attribute, by kind of object and attribute."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from config.drift.difference import Drift
from config.drift.repair.creation import comment, identity_clause, set_default
from config.drift.repair.partition_statements import set_sequence
from config.drift.repair.phases import (
    Phase,
    Statement,
    alter_column,
    alter_table,
    as_list,
    kind_and_name,
    qualified_name,
    quoted_table,
    serial_sequence,
)
from config.postgres.catalog import Attributes, Key, literal, quote

type AttributeChange = Callable[[Drift], Iterable[Statement]]


def change_attribute(drift: Drift) -> Iterable[Statement]:
    """Return the statements that change the attribute; none if no safe statement can."""
    key, attribute = drift.key, drift.attribute
    found = CHANGES.get((key.kind, attribute)) or CHANGES.get(("", attribute))
    return found(drift) if found else []


def end_inheritance(key: Key, expected: Attributes, found: Attributes) -> Iterator[Statement]:
    """Yield the statements that detach a table from parents that are not expected."""
    for parent in as_list(found["inherits"]):
        if found["partition bound"]:
            sql = f"ALTER TABLE {parent} DETACH PARTITION {quoted_table(key.name)};"
            yield Statement(Phase.LEAVE_PARENTS, sql)
        elif parent not in as_list(expected.get("inherits")):
            yield alter_table(Phase.LEAVE_PARENTS, key, f"NO INHERIT {parent}")


def _end_inheritance_of_children(drift: Drift) -> Iterator[Statement]:
    for child in as_list(drift.found):
        if child not in as_list(drift.expected):
            sql = f"ALTER TABLE {child} NO INHERIT {quoted_table(drift.key.name)};"
            yield Statement(Phase.LEAVE_PARENTS, sql)


def _recreate_not_null_constraint(drift: Drift) -> Iterator[Statement]:
    """Recreate the constraint, possibly under another name, which is no drift."""
    column = quote(drift.key.name)
    action = f"ALTER COLUMN {column} DROP NOT NULL, ALTER COLUMN {column} SET NOT NULL"
    yield alter_table(Phase.COLUMNS, drift.key, action)


def _change_identity(drift: Drift) -> Iterator[Statement]:
    key = drift.key
    wanted: Any = drift.expected
    found: Any = drift.found
    if not wanted:
        yield alter_column(Phase.COLUMNS, key, "DROP IDENTITY")
    elif not found:
        yield alter_column(Phase.IDENTITIES, key, f"ADD {identity_clause(wanted)}")
        yield Statement(Phase.IDENTITIES, f"SELECT {set_sequence(key)}")
    else:
        yield from _change_identity_sequence(key, wanted, found)
        changed = [option for option in IDENTITY_OPTIONS if wanted[option] != found[option]]
        if changed:
            options = " ".join(IDENTITY_OPTIONS[option](wanted[option]) for option in changed)
            yield alter_column(Phase.IDENTITIES, key, options)


IDENTITY_OPTIONS: dict[str, Callable[[Any], str]] = {
    "generated": lambda value: f"SET GENERATED {value}",
    "minimum": lambda value: f"SET MINVALUE {value}",
    "maximum": lambda value: f"SET MAXVALUE {value}",
    "start": lambda value: f"SET START WITH {value}",
    "increment": lambda value: f"SET INCREMENT BY {value}",
    "cache": lambda value: f"SET CACHE {value}",
    "cycle": lambda value: "SET CYCLE" if value else "SET NO CYCLE",
}


def _change_identity_sequence(key: Key, wanted: Any, found: Any) -> Iterator[Statement]:
    """Change those attributes of the sequence that ALTER COLUMN cannot change."""
    actions = []
    if wanted["type"] != found["type"]:
        actions.append(f"ALTER SEQUENCE %s AS {wanted['type']}")
    if wanted["unlogged"] != found["unlogged"]:
        actions.append("ALTER SEQUENCE %s SET LOGGED")
    if wanted["comment"] != found["comment"]:
        actions.append("COMMENT ON SEQUENCE %s IS NULL")
    for action in actions:
        execute = f"EXECUTE format({literal(action)}, {serial_sequence(key)});"
        yield Statement(Phase.IDENTITIES, f"DO $$ BEGIN {execute} END $$;")


def _change_storage_parameters(drift: Drift) -> Iterator[Statement]:
    subject = (
        f"ALTER {'TABLE' if drift.key.kind == 'table' else 'INDEX'} {qualified_name(drift.key)}"
    )
    wanted, found = as_list(drift.expected), as_list(drift.found)
    extra = {item.partition("=")[0] for item in found} - {item.partition("=")[0] for item in wanted}
    if extra:
        yield Statement(Phase.FINISH, f"{subject} RESET ({', '.join(sorted(extra))});")
    if wanted:
        yield Statement(Phase.FINISH, f"{subject} SET ({', '.join(wanted)});")


def _statement(phase: Phase, sql: Callable[[Drift], str]) -> AttributeChange:
    return lambda drift: [Statement(phase, f"{sql(drift)};")]


def _alter_table(phase: Phase, action: Callable[[Drift], str]) -> AttributeChange:
    return lambda drift: [alter_table(phase, drift.key, action(drift))]


_reindex = _statement(Phase.INDEXES, lambda drift: f"REINDEX INDEX {qualified_name(drift.key)}")

CHANGES: dict[tuple[str, str], AttributeChange] = {
    ("column", "not null"): lambda drift: [
        alter_column(Phase.COLUMNS, drift.key, f"{'SET' if drift.expected else 'DROP'} NOT NULL")
    ],
    ("column", "not null constraint"): _recreate_not_null_constraint,
    ("column", "default"): lambda drift: [set_default(drift.key, drift.expected)],
    ("column", "identity"): _change_identity,
    ("", "validated"): _alter_table(
        Phase.FINISH, lambda drift: f"VALIDATE CONSTRAINT {quote(drift.key.name)}"
    ),
    ("", "index valid"): _reindex,
    ("", "index storage parameters"): _change_storage_parameters,
    ("", "index comment"): lambda drift: [
        comment(Key("index", drift.key.table, drift.key.name), drift.expected)
    ],
    ("index", "valid"): _reindex,
    ("table", "persistence"): _alter_table(
        Phase.TABLES, lambda drift: f"SET {str(drift.expected).upper()}"
    ),
    ("table", "access method"): _alter_table(
        Phase.TABLES,
        lambda drift: (
            f"SET ACCESS METHOD {quote(str(drift.expected)) if drift.expected else 'DEFAULT'}"
        ),
    ),
    ("table", "storage parameters"): _change_storage_parameters,
    ("table", "row level security"): _alter_table(
        Phase.TABLES,
        lambda drift: f"{'ENABLE' if drift.expected else 'DISABLE'} ROW LEVEL SECURITY",
    ),
    ("table", "row level security for the owner"): _alter_table(
        Phase.TABLES,
        lambda drift: f"{'FORCE' if drift.expected else 'NO FORCE'} ROW LEVEL SECURITY",
    ),
    ("table", "replica identity"): _alter_table(
        Phase.TABLES, lambda drift: "REPLICA IDENTITY DEFAULT"
    ),
    ("table", "of type"): _alter_table(Phase.TABLES, lambda drift: "NOT OF"),
    ("table", "inherited by"): _end_inheritance_of_children,
    ("", "owner"): _statement(
        Phase.FINISH,
        lambda drift: f"ALTER {kind_and_name(drift.key)} OWNER TO {quote(str(drift.expected))}",
    ),
    ("", "extension"): _statement(
        Phase.EXTENSIONS,
        lambda drift: f"ALTER EXTENSION {quote(str(drift.found))} DROP {kind_and_name(drift.key)}",
    ),
}
