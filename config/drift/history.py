"""What applied migrations made that no model describes: SQL of their own, and state-only removals.

The models do not say how such objects should be, so that the live ones are expected as they are.
"""

import inspect
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.operations import CollationOperation, CreateCollation
from django.db import router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from config.drift.ledger import load_migrations
from config.postgres.catalog import Attributes, Catalog, Key, quote
from config.postgres.enums import enum_field

type Name = tuple[str, str]
"""The table of an object ('' if it is not part of one), and its name."""


@dataclass(frozen=True)
class Step:
    """What an operation of an applied migration did beside the models."""

    kept: Collection[Name] = ()
    """The objects that it left in the database, and removed from the models."""
    sql: str = ""
    code: str = ""
    """The Python source of the function that it ran."""


def read_steps(connection: BaseDatabaseWrapper) -> list[Step]:
    """Return the steps of the applied migrations, in the order of the migrations."""
    loader = load_migrations(connection)
    state = ProjectState()
    steps: list[Step] = []
    for node in _applied(loader):
        for operation in loader.graph.nodes[node].operations:
            steps += _steps(operation, node[0], state, connection)
            operation.state_forwards(node[0], state)
    return steps


def _applied(loader: MigrationLoader) -> Iterable[tuple[str, str]]:
    plans = (loader.graph.forwards_plan(leaf) for leaf in sorted(loader.graph.leaf_nodes()))
    nodes = dict.fromkeys(node for plan in plans for node in plan)
    return [node for node in nodes if node in loader.applied_migrations]


def _steps(
    operation: Operation, app_label: str, state: ProjectState, connection: BaseDatabaseWrapper
) -> Iterator[Step]:
    hints = getattr(operation, "hints", {})
    if isinstance(operation, SeparateDatabaseAndState):
        yield Step(kept=_kept(operation, app_label, state, connection))
        for inner in operation.database_operations:
            yield from _steps(inner, app_label, state, connection)
    elif not router.allow_migrate(connection.alias, app_label, **hints):
        return
    elif isinstance(operation, RunSQL):
        yield Step(sql=_text(operation.sql))
    elif isinstance(operation, RunPython):
        yield Step(code=_source(operation.code))
    elif isinstance(operation, CollationOperation):
        verb = "CREATE" if isinstance(operation, CreateCollation) else "DROP"
        yield Step(sql=f"{verb} COLLATION {quote(operation.name)};")


def _text(sql: object) -> str:
    """Return the text of a RunSQL: a script, or a list of statements with or without parameters."""
    if isinstance(sql, str):
        return sql
    statements = list(sql) if isinstance(sql, Iterable) else []
    return ";\n".join(item if isinstance(item, str) else str(item[0]) for item in statements)


def _source(code: object) -> str:
    try:
        module = inspect.getmodule(code)
        return inspect.getsource(module) if module else ""
    except (OSError, TypeError):
        return ""


def _kept(
    operation: SeparateDatabaseAndState,
    app_label: str,
    state: ProjectState,
    connection: BaseDatabaseWrapper,
) -> set[Name]:
    """Return what the operation leaves in the database but not in the models."""
    models, database = state.clone(), state.clone()
    operation.state_forwards(app_label, models)
    for inner in operation.database_operations:
        inner.state_forwards(app_label, database)
    return _names(database, connection) - _names(models, connection)


def _names(state: ProjectState, connection: BaseDatabaseWrapper) -> set[Name]:
    return {
        name
        for model in state.models.values()
        if model.options.get("managed", True) and not model.options.get("proxy")
        for name in _names_of(model, connection)
    }


def _names_of(model: ModelState, connection: BaseDatabaseWrapper) -> Iterator[Name]:
    """Yield the table of the model and its parts, its link tables, and its enum types."""
    table = model.options.get("db_table") or f"{model.app_label}_{model.name_lower}"
    yield "", table
    for name, original in model.fields.items():
        field: Any = original.clone()
        field.set_attributes_from_name(name)
        if field.many_to_many:
            yield "", field.db_table or f"{table}_{name}"
        elif field.column:
            yield table, field.column
        if enum := enum_field(field):
            yield "", enum.type_name
    for item in (*model.options.get("indexes", ()), *model.options.get("constraints", ())):
        yield table, item.name


# Which live objects the steps made


def with_made(expected: Catalog, live: Catalog, steps: Sequence[Step], schema: str) -> Catalog:
    """Return the expected catalog with the live objects that the steps made.

    They have no attributes there: they are expected as they are, a table with all its parts.
    """
    extra = {key: live[key] for key in live if key not in expected}
    made = {key for key in extra if _is_made(key, extra[key], steps, schema)}
    made |= {key for key in extra if _is_part_of(key, extra[key], made, live)}
    return {**expected, **{key: {} for key in sorted(made)}}


def _is_part_of(key: Key, attributes: Attributes, made: Collection[Key], live: Catalog) -> bool:
    """Return whether the object is a constraint, index or sequence of a column that was made."""
    if key.kind == "sequence":
        return any(
            re.search(rf"\b{re.escape(key.name)}\b", str(live[column]["default"]))
            for column in live
            if column.kind == "column"
            and (column in made or Key("table", "", column.table) in made)
            and live[column]["default"]
        )
    return any(
        re.search(rf"\b{re.escape(column.name)}\b", str(attributes.get("definition", "")))
        for column in made
        if column.kind == "column" and column.table == key.table
    )


def _is_made(key: Key, attributes: Attributes, steps: Sequence[Step], schema: str) -> bool:
    """Return whether the last step that names the object made it, rather than dropped it."""
    pattern = _pattern(key, attributes, schema)
    made = False
    for step in steps:
        made = made or (key.table, key.name) in step.kept
        for match in pattern.finditer(step.sql):
            made = match["made"] is not None
        # The code may hold the SQL of both directions.
        made = made or any(match["made"] for match in pattern.finditer(step.code))
    return made


CONSTRAINTS = {
    "primary key": "PRIMARY",
    "unique constraint": "UNIQUE",
    "exclusion constraint": "EXCLUDE",
    "foreign key": "FOREIGN",
    "check": "CHECK",
}


def _pattern(key: Key, attributes: Attributes, schema: str) -> re.Pattern[str]:
    """Return a pattern for the SQL that makes or drops the object.

    An index or a constraint may have no name there: PostgreSQL then gives it one.
    """
    name, table = _identifier(_bare(key, attributes), schema), _identifier(key.table, schema)
    kind = _keyword(key, attributes)
    altered = rf"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?{table}[^;]*?\s"
    unless = r"(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
    if key.kind == "column":
        makes = rf"{altered}(?:ADD\s+(?:COLUMN\s+)?{unless}|RENAME\s+(?:\S+\s+)?\S+\s+TO\s+){name}"
    elif key.kind in CONSTRAINTS:
        makes = rf"{altered}(?:ADD\s+(?:CONSTRAINT\s+{name}|{CONSTRAINTS[key.kind]}\b))"
    elif key.kind == "index":
        makes = rf"INDEX\s+(?:CONCURRENTLY\s+)?{unless}(?:{name}\s+)?ON\s+(?:ONLY\s+)?{table}"
    elif key.table:
        makes = rf"CREATE\s+(?:\w+\s+)*?{kind}\s+{name}[^;]*?\s(?:ON|TO)\s+{table}"
    else:
        makes = rf"CREATE\s+(?:\w+\s+)*?{kind}\s+{unless}{name}|RENAME\s+TO\s+{name}"
    whole = r"(?:COLUMN\s+)?" if key.kind == "column" else rf"(?:\w+\s+)*?{kind}\s+"
    drops = (
        rf"DROP\s+{whole}(?:CONCURRENTLY\s+)?{unless}(?:[^;]*?,\s*)?{name}"
        rf"|ALTER\s+{kind}\s+{unless}{name}\s+RENAME\s+TO"
    )
    return re.compile(rf"\b(?:(?P<made>{makes})|{drops})", re.IGNORECASE)


def _bare(key: Key, attributes: Attributes) -> str:
    """Return the object's name without its kind, schema and arguments."""
    if key.kind != "object":
        return key.name
    name = str(attributes["identity"]).partition("(")[0].partition(" USING ")[0]
    return name.rpartition(".")[2].strip('"')


def _keyword(key: Key, attributes: Attributes) -> str:
    if key.kind in CONSTRAINTS:
        return "CONSTRAINT"
    kind = str(attributes["kind"]) if key.kind == "object" else key.kind
    return r"\s+".join(("TYPE" if kind.endswith(" type") else kind.upper()).split())


def _identifier(name: str, schema: str) -> str:
    """Return a pattern for the name as SQL writes it, with or without the schema."""
    escaped, qualifier = re.escape(name), re.escape(schema)
    return rf'(?:\\?"?{qualifier}\\?"?\s*\.\s*)?(?:\\?"{escaped}\\?"|{escaped}(?![\w$]))'
