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
from config.postgres.catalog import Attributes, Key, Value, literal, quote

type AttributeChange = Callable[[Drift], Iterable[Statement]]


def change_attribute(drift: Drift) -> Iterable[Statement]:
    """Return the statements that change the attribute, or none if no statement is safe."""
    key, attribute, value = drift.key, drift.attribute, drift.expected
    if key.kind == "table" and attribute in TABLE_ACTIONS:
        return [alter_table(Phase.TABLES, key, TABLE_ACTIONS[attribute](value))]
    if attribute == "not null":
        return [alter_column(Phase.COLUMNS, key, f"{'SET' if value else 'DROP'} NOT NULL")]
    if attribute == "validated":
        return [alter_table(Phase.FINISH, key, f"VALIDATE CONSTRAINT {quote(key.name)}")]
    change = CHANGES.get((key.kind, attribute)) or CHANGES.get(("", attribute))
    return change(drift) if change else []


TABLE_ACTIONS: dict[str, Callable[[Value], str]] = {
    "persistence": lambda value: f"SET {str(value).upper()}",
    "access method": lambda value: f"SET ACCESS METHOD {quote(str(value)) if value else 'DEFAULT'}",
    "row level security": lambda value: f"{'ENABLE' if value else 'DISABLE'} ROW LEVEL SECURITY",
    "row level security for the owner": lambda value: (
        f"{'FORCE' if value else 'NO FORCE'} ROW LEVEL SECURITY"
    ),
    "replica identity": lambda value: "REPLICA IDENTITY DEFAULT",
    "of type": lambda value: "NOT OF",
}
"""The functions that return an action of ALTER TABLE for the expected value, by attribute."""


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
    """Recreate the constraint. A change of its name does not count as drift."""
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
    """Change the attributes of the sequence that ALTER COLUMN cannot change."""
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


def _reindex(drift: Drift) -> Iterator[Statement]:
    yield Statement(Phase.INDEXES, f"REINDEX INDEX {qualified_name(drift.key)};")


def _change_index_comment(drift: Drift) -> Iterator[Statement]:
    yield comment(Key("index", drift.key.table, drift.key.name), drift.expected)


def _change_owner(drift: Drift) -> Iterator[Statement]:
    sql = f"ALTER {kind_and_name(drift.key)} OWNER TO {quote(str(drift.expected))};"
    yield Statement(Phase.FINISH, sql)


def _leave_extension(drift: Drift) -> Iterator[Statement]:
    sql = f"ALTER EXTENSION {quote(str(drift.found))} DROP {kind_and_name(drift.key)};"
    yield Statement(Phase.EXTENSIONS, sql)


CHANGES: dict[tuple[str, str], AttributeChange] = {
    ("column", "not null constraint"): _recreate_not_null_constraint,
    ("column", "default"): lambda drift: [set_default(drift.key, drift.expected)],
    ("column", "identity"): _change_identity,
    ("", "index valid"): _reindex,
    ("", "index storage parameters"): _change_storage_parameters,
    ("", "index comment"): _change_index_comment,
    ("index", "valid"): _reindex,
    ("table", "storage parameters"): _change_storage_parameters,
    ("table", "inherited by"): _end_inheritance_of_children,
    ("", "owner"): _change_owner,
    ("", "extension"): _leave_extension,
}
"""The functions that change an attribute, by kind of object ('' for all kinds) and attribute."""
