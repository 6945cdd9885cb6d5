"""Drift -> the SQL that puts the live schema right. Pure: it runs nothing.

What would destroy data is marked: that is for somebody to decide.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Any

from config.database.catalog import Attributes, Catalog, Key
from config.database.diff import Drift


class Step(IntEnum):
    """The order in which statements work."""

    EXTENSIONS = auto()
    DROP_VIEWS = auto()
    RENAME = auto()
    LEAVE_PARENTS = auto()
    DROP_FOREIGN_KEYS = auto()
    DROP_PARTS = auto()
    TYPES = auto()
    TABLES = auto()
    COLUMNS = auto()
    DEFAULTS = auto()
    IDENTITIES = auto()
    KEYS = auto()
    CHECKS = auto()
    FOREIGN_KEYS = auto()
    INDEXES = auto()
    FINISH = auto()
    DROP_COLUMNS = auto()
    DROP_TABLES = auto()
    DROP_SEQUENCES = auto()
    DROP_OBJECTS = auto()
    DROP_FUNCTIONS = auto()
    DROP_TYPES = auto()


CONSTRAINTS = {
    "primary key": Step.KEYS,
    "unique constraint": Step.KEYS,
    "exclusion constraint": Step.KEYS,
    "check": Step.CHECKS,
    "foreign key": Step.FOREIGN_KEYS,
}
DROPS = {
    "view": Step.DROP_VIEWS,
    "foreign key": Step.DROP_FOREIGN_KEYS,
    "column": Step.DROP_COLUMNS,
    "table": Step.DROP_TABLES,
    "sequence": Step.DROP_SEQUENCES,
    "enum type": Step.DROP_TYPES,
    "domain": Step.DROP_TYPES,
    "range type": Step.DROP_TYPES,
    "composite type": Step.DROP_TYPES,
}
# Text that PostgreSQL casts to one of these, which includes those with precision, may lose digits
# or the time of day; to any other it is taken as it is, or refused.
ROUNDED = ("numeric(", "date", "time", "interval")
EXACT = ("timestamp with time zone", "timestamp without time zone")

type Renames = Mapping[Key, Key]
"""By the live object that goes by another name, the expected one that is missing."""


@dataclass(frozen=True)
class Statement:
    """One statement of a repair script, and its place in it."""

    step: Step
    sql: str
    destructive: bool = False


def ordered(statements: Iterable[Statement]) -> list[Statement]:
    """The statements in an order that works, each once."""
    return sorted(dict.fromkeys(statements), key=lambda statement: statement.step)


def repair(drift: Drift, expected: Catalog, live: Catalog, renames: Renames) -> list[Statement]:
    """What puts `drift` right; empty where no statement could."""
    key = drift.key
    if by_renaming := list(_rename_back(drift, renames)):
        return by_renaming
    if key.kind == "extension":
        return [Statement(Step.EXTENSIONS, f"CREATE EXTENSION {quote(key.name)};")]
    if drift.problem == "missing":
        return list(_create(key, expected))
    if drift.problem == "extra":
        return [_drop(key, expected, live)]
    return list(_change(drift, expected, live))


def _change(drift: Drift, expected: Catalog, live: Catalog) -> Iterable[Statement]:
    key, attribute = drift.key, drift.attribute
    if attribute == "comment":
        return [_comment(key, drift.expected)]
    if _must_be_remade(expected[key], live[key]):
        return _remake(key, expected, live)
    if key.kind == "column" and attribute in ("type", "collation", "generated"):
        return _retype(key, expected[key], live[key])
    if key.kind == "enum type" and attribute == "labels":
        return _relabel(key, expected, live)
    if attribute in ("inherits", "partition bound"):
        return _leave_parents(key, expected[key], live[key])
    change = CHANGES.get((key.kind, attribute)) or CHANGES.get(("", attribute))
    return change(drift) if change else []


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    return "NULL" if text is None else "'" + str(text).replace("'", "''") + "'"


def _alter(step: Step, key: Key, action: str, destructive: bool = False) -> Statement:
    return Statement(step, f"ALTER TABLE {quote(key.table or key.name)} {action};", destructive)


# Objects that go by another name


def find_renames(drifts: Iterable[Drift], expected: Catalog, live: Catalog) -> Renames:
    """Extra objects that are, but for their name, just what one missing object should be."""
    missing, extra = defaultdict(list), defaultdict(list)
    for drift in drifts:
        if drift.key.kind in (*CONSTRAINTS, "table", "column", "index", "enum type"):
            if drift.problem == "missing":
                missing[_but_for_name(drift.key, expected)].append(drift.key)
            elif drift.problem == "extra":
                extra[_but_for_name(drift.key, live)].append(drift.key)
    return {
        extra[like][0]: missing[like][0]
        for like in extra
        if len(extra[like]) == len(missing[like]) == 1
    }


def _but_for_name(key: Key, catalog: Catalog) -> str:
    """All of the object that outlasts a renaming; of a table, its columns are enough to know it."""
    attributes: dict[str, Any] = _set(catalog[key])
    if key.kind == "index":
        attributes["definition"] = _renamed(attributes["definition"], key.name, "")
    if key.kind == "table":
        attributes["columns"] = {
            part.name: _set(catalog[part])
            for part in catalog
            if part.kind == "column" and part.table == key.name
        }
    return json.dumps([key.kind, key.table, attributes], sort_keys=True)


def _set(attributes: Attributes) -> dict[str, Any]:
    """A snapshot leaves out the others."""
    return {name: value for name, value in attributes.items() if value is not None}


def _rename_back(drift: Drift, renames: Renames) -> Iterator[Statement]:
    """The renaming of the object itself, or of one that makes all the difference in `drift`."""
    for key, name in renames.items():
        if drift.key in (key, name):
            yield _rename(key, name.name)
    if isinstance(drift.found, str):
        for key, name in renames.items():
            if drift.expected == _renamed(drift.found, key.name, name.name) != drift.found:
                yield _rename(key, name.name)


def _renamed(text: str, old: str, new: str) -> str:
    return re.sub(rf"\b{re.escape(old)}\b", lambda _: new, text)


def _rename(key: Key, name: str) -> Statement:
    if key.kind == "column":
        action = f"RENAME COLUMN {quote(key.name)} TO {quote(name)}"
        return _alter(Step.RENAME, key, action)
    if key.kind in CONSTRAINTS:
        action = f"RENAME CONSTRAINT {quote(key.name)} TO {quote(name)}"
        return _alter(Step.RENAME, key, action)
    sql = f"ALTER {_keyword(key, {})} {quote(key.name)} RENAME TO {quote(name)};"
    return Statement(Step.RENAME, sql)


# Objects that are missing


def _create(key: Key, expected: Catalog) -> Iterator[Statement]:
    attributes = expected[key]
    if key.kind == "table":
        yield from _create_table(key, expected)
    elif key.kind == "column":
        yield _alter(Step.COLUMNS, key, f"ADD COLUMN {_column(key, attributes)}")
    elif key.kind in CONSTRAINTS:
        definition = f"ADD CONSTRAINT {quote(key.name)} {attributes['definition']}"
        yield _alter(CONSTRAINTS[key.kind], key, definition)
    elif key.kind == "index":
        yield Statement(Step.INDEXES, f"{attributes['definition']};")
    elif key.kind == "enum type":
        labels = ", ".join(map(literal, _items(attributes["labels"])))
        yield Statement(Step.TYPES, f"CREATE TYPE {quote(key.name)} AS ENUM ({labels});")
    if attributes.get("comment"):
        yield _comment(key, attributes.get("comment"))


def _create_table(table: Key, expected: Catalog) -> Iterator[Statement]:
    parts = [key for key in expected if key.table == table.name]
    columns = [key for key in parts if key.kind == "column"]
    body = ",\n".join(f"    {_column(key, expected[key])}" for key in columns)
    yield Statement(Step.TABLES, f"CREATE TABLE {quote(table.name)} (\n{body}\n);")
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
        words.append(_identity_clause(attributes.get("identity")))
    if attributes.get("default"):
        words.append(f"DEFAULT {attributes['default']}")
    if attributes.get("not null"):
        words.append("NOT NULL")
    return " ".join(words)


# Objects that are extra


def _drop(key: Key, expected: Catalog, live: Catalog) -> Statement:
    if key.kind == "object":
        return _drop_object(live[key], expected, live)
    step = DROPS.get(key.kind, Step.DROP_PARTS)
    if key.kind == "column":
        return _alter(step, key, f"DROP COLUMN {quote(key.name)}", destructive=True)
    if key.kind in CONSTRAINTS:
        return _alter(step, key, f"DROP CONSTRAINT {quote(key.name)}")
    name = quote(key.name)
    if key.kind in ("trigger", "rule", "policy"):
        name += f" ON {quote(key.table)}"
    elif key.kind == "sequence":  # which may have gone with its column
        name = f"IF EXISTS {name}"
    destructive = key.kind in ("table", "sequence") or (
        step == Step.DROP_TYPES and _is_in_use(key.name, expected, live)
    )
    return Statement(step, f"DROP {_keyword(key, live[key])} {name};", destructive)


def _drop_object(found: Attributes, expected: Catalog, live: Catalog) -> Statement:
    kind, identity = str(found["kind"]), str(found["identity"])
    last = kind in ("function", "procedure")  # of which operators and aggregates are made
    name = re.escape(identity.partition("(")[0].rpartition(".")[2])
    in_use = any(
        re.search(rf"(?<!\w){name}(?!\w)", json.dumps(live[key]))
        for key in live
        if _goes_only_destructively(key, expected)
    )
    step = Step.DROP_FUNCTIONS if last else Step.DROP_OBJECTS
    return Statement(step, f"DROP {kind.upper()} {identity};", destructive=in_use)


def _goes_only_destructively(key: Key, expected: Catalog) -> bool:
    """Whether the object is an extra column, or part of an extra table."""
    if key.kind == "column":
        return key not in expected
    return bool(key.table) and Key("table", "", key.table) not in expected


def _is_in_use(name: str, expected: Catalog, live: Catalog) -> bool:
    """Whether a column is of the type, and does not get another but by a destructive repair."""
    return any(
        key not in expected or _is_rounded(expected[key], attributes)
        for key, attributes in live.items()
        if key.kind == "column" and _is_of_type(attributes, name)
    )


def _is_of_type(column: Attributes, name: str) -> bool:
    return str(column["type"]).removesuffix("[]") in (name, quote(name))


def _keyword(key: Key, attributes: Attributes) -> str:
    if key.kind.endswith(" type"):
        return "TYPE"
    return str(attributes.get("kind", key.kind)).upper().removeprefix("PARTITIONED ")


# Objects that cannot be altered


def _must_be_remade(expected: Attributes, found: Attributes) -> bool:
    """Whether they differ in what cannot be changed."""
    names = expected.keys() | found.keys()
    different = {name for name in names if expected.get(name) != found.get(name)}
    if expected.get("generated"):
        return bool(different & {"generated", "type", "collation"})
    if "generated" in different:
        return str(found["generated"]).endswith("VIRTUAL")  # there are no values to keep
    return bool(different & {"definition", "enforcing triggers"})


def _remake(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Drop what is found and create what is expected."""
    if key.kind == "column":
        yield from _remake_column(key, expected, live)
        return
    definition = str(live[key]["definition"])
    if key.kind in ("primary key", "unique constraint"):
        columns = definition[definition.index("(") : definition.index(")") + 1]
        referring = rf"\bREFERENCES \"?{re.escape(key.table)}\"?{re.escape(columns)}"
        yield from _remake_mentioning(referring, expected, live)
    yield _drop(key, expected, live)
    yield from _create(key, expected)


def _remake_column(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Nothing is lost where the column was computed from others."""
    destructive = not live[key].get("generated")
    yield _alter(Step.DROP_PARTS, key, f"DROP COLUMN {quote(key.name)}", destructive)
    for statement in _create(key, expected):
        yield Statement(statement.step, statement.sql, destructive)


def _remake_mentioning(pattern: str, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Take away the constraints and indexes that are in the way, and bring them back."""
    for key, attributes in live.items():
        if key in expected and re.search(pattern, str(attributes.get("definition"))):
            yield _drop(key, expected, live)
            yield from _create(key, expected)


# Attributes that are different


def _comment(key: Key, text: object) -> Statement:
    subject = f"{_keyword(key, {})} {quote(key.name)}"
    if key.kind == "column":
        subject = f"COLUMN {quote(key.table)}.{quote(key.name)}"
    elif key.kind in CONSTRAINTS:
        subject = f"CONSTRAINT {quote(key.name)} ON {quote(key.table)}"
    return Statement(Step.FINISH, f"COMMENT ON {subject} IS {literal(text)};")


def _index_comment(drift: Drift) -> Iterator[Statement]:
    yield _comment(Key("index", drift.key.table, drift.key.name), drift.expected)


def _retype(key: Key, expected: Attributes, found: Attributes) -> Iterator[Statement]:
    column, wanted = quote(key.name), str(expected["type"])
    if found.get("generated"):
        yield _alter(Step.TABLES, key, f"ALTER COLUMN {column} DROP EXPRESSION")
    drop_default = f"ALTER COLUMN {column} DROP DEFAULT, " if found.get("default") else ""
    collation = f" COLLATE {expected['collation']}" if expected.get("collation") else ""
    # Over text, and from there by assignment, which refuses what is too long; a cast would cut.
    cast = "" if wanted.startswith("character") else f"::{wanted}"
    yield _alter(
        Step.COLUMNS,
        key,
        f"{drop_default}ALTER COLUMN {column} TYPE {wanted}{collation} USING {column}::text{cast}",
        destructive=_is_rounded(expected, found),
    )
    if expected.get("default"):
        yield _set_default(key, expected["default"])


def _is_rounded(expected: Attributes, found: Attributes) -> bool:
    wanted = str(expected["type"])
    return wanted.startswith(ROUNDED) and wanted not in EXACT and wanted != found["type"]


def _set_default(key: Key, default: object) -> Statement:
    action = f"SET DEFAULT {default}" if default else "DROP DEFAULT"
    return _alter(Step.DEFAULTS, key, f"ALTER COLUMN {quote(key.name)} {action}")


def _default(drift: Drift) -> Iterator[Statement]:
    yield _set_default(drift.key, drift.expected)


def _change_column(drift: Drift, step: Step, action: str) -> Statement:
    return _alter(step, drift.key, f"ALTER COLUMN {quote(drift.key.name)} {action}")


def _nullability(drift: Drift) -> Iterator[Statement]:
    verb = "SET" if drift.expected else "DROP"
    yield _change_column(drift, Step.COLUMNS, f"{verb} NOT NULL")


def _not_null_constraint(drift: Drift) -> Iterator[Statement]:
    """Whose name does not matter, so it is made anew."""
    column = quote(drift.key.name)
    action = f"ALTER COLUMN {column} DROP NOT NULL, ALTER COLUMN {column} SET NOT NULL"
    yield _alter(Step.COLUMNS, drift.key, action)


def _identity_clause(identity: Any) -> str:
    return f"GENERATED {identity['generated']} AS IDENTITY"


def _identity(drift: Drift) -> Iterator[Statement]:
    wanted: Any = drift.expected
    found: Any = drift.found
    if not wanted:
        yield _change_column(drift, Step.COLUMNS, "DROP IDENTITY")
    elif not found:
        yield _change_column(drift, Step.IDENTITIES, f"ADD {_identity_clause(wanted)}")
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
    yield _alter(Step.FINISH, drift.key, f"VALIDATE CONSTRAINT {quote(drift.key.name)}")


def _reindex(drift: Drift) -> Iterator[Statement]:
    yield Statement(Step.INDEXES, f"REINDEX INDEX {quote(drift.key.name)};")


def _persistence(drift: Drift) -> Iterator[Statement]:
    yield _alter(Step.TABLES, drift.key, f"SET {str(drift.expected).upper()}")


def _access_method(drift: Drift) -> Iterator[Statement]:
    action = f"SET ACCESS METHOD {quote(str(drift.expected))}"
    yield _alter(Step.TABLES, drift.key, action)


def _storage_parameters(drift: Drift) -> Iterator[Statement]:
    subject = f"ALTER {'TABLE' if drift.key.kind == 'table' else 'INDEX'} {quote(drift.key.name)}"
    wanted, found = _items(drift.expected), _items(drift.found)
    extra = {item.partition("=")[0] for item in found} - {item.partition("=")[0] for item in wanted}
    if extra:
        yield Statement(Step.FINISH, f"{subject} RESET ({', '.join(sorted(extra))});")
    if wanted:
        yield Statement(Step.FINISH, f"{subject} SET ({', '.join(wanted)});")


def _row_level_security(drift: Drift) -> Iterator[Statement]:
    verb = "ENABLE" if drift.expected else "DISABLE"
    yield _alter(Step.TABLES, drift.key, f"{verb} ROW LEVEL SECURITY")


def _forced_row_level_security(drift: Drift) -> Iterator[Statement]:
    verb = "FORCE" if drift.expected else "NO FORCE"
    yield _alter(Step.TABLES, drift.key, f"{verb} ROW LEVEL SECURITY")


def _replica_identity(drift: Drift) -> Iterator[Statement]:
    yield _alter(Step.TABLES, drift.key, "REPLICA IDENTITY DEFAULT")


def _owner(drift: Drift) -> Iterator[Statement]:
    keyword = _keyword(drift.key, {})
    sql = f"ALTER {keyword} {quote(drift.key.name)} OWNER TO {quote(str(drift.expected))};"
    yield Statement(Step.FINISH, sql)


def _of_type(drift: Drift) -> Iterator[Statement]:
    if not drift.expected:
        yield _alter(Step.TABLES, drift.key, "NOT OF")


def _leave_parents(key: Key, expected: Attributes, found: Attributes) -> Iterator[Statement]:
    for parent in _items(found["inherits"]):
        if found["partition bound"]:
            sql = f"ALTER TABLE {parent} DETACH PARTITION {quote(key.name)};"
            yield Statement(Step.LEAVE_PARENTS, sql)
        elif parent not in _items(expected.get("inherits")):
            yield _alter(Step.LEAVE_PARENTS, key, f"NO INHERIT {parent}")


def _inherited_by(drift: Drift) -> Iterator[Statement]:
    for child in _items(drift.found):
        sql = f"ALTER TABLE {child} NO INHERIT {quote(drift.key.name)};"
        if child not in _items(drift.expected):
            yield Statement(Step.LEAVE_PARENTS, sql)


def _relabel(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Rename labels, or add them, or else put another type in the place of this one."""
    wanted, found = _items(expected[key]["labels"]), _items(live[key]["labels"])
    others = [(old, new) for old, new in zip(found, wanted, strict=False) if old != new]
    if len(wanted) == len(found) and not {old for old, _ in others} & {new for _, new in others}:
        for old, new in others:
            yield _alter_type(key, f"RENAME VALUE {literal(old)} TO {literal(new)}")
    elif [label for label in wanted if label in found] == found:
        first = f" BEFORE {literal(found[0])}" if found else ""
        for position, label in enumerate(wanted):
            if label not in found:
                place = f" AFTER {literal(wanted[position - 1])}" if position else first
                yield _alter_type(key, f"ADD VALUE {literal(label)}{place}")
    else:
        yield from _replace_type(key, expected, live)


def _alter_type(key: Key, action: str) -> Statement:
    return Statement(Step.TYPES, f"ALTER TYPE {quote(key.name)} {action};")


def _replace_type(key: Key, expected: Catalog, live: Catalog) -> Iterator[Statement]:
    """Refused by PostgreSQL where a row has a label that is to go."""
    old = f"{key.name}_old"
    yield from _remake_mentioning(rf"::\"?{re.escape(key.name)}\b", expected, live)
    yield _alter_type(key, f"RENAME TO {quote(old)}")
    yield from _create(key, expected)
    for column in live:
        if column.kind == "column" and column in expected and _is_of_type(live[column], key.name):
            yield from _retype(column, expected[column], live[column])
    yield Statement(Step.DROP_TYPES, f"DROP TYPE {quote(old)};")


def _items(value: Any) -> list[str]:
    return list(value or [])


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
}
