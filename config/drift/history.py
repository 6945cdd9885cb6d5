"""What applied migrations did apart from the models: SQL of their own, and state-only removals."""

import inspect
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    CollationOperation,
    CreateCollation,
    ValidateConstraint,
)
from django.db import router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import split_identifier, strip_quotes, truncate_name
from django.db.migrations import (
    AlterModelTable,
    RemoveField,
    RenameModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from config.postgres.catalog import quote
from config.postgres.enums import enum_field

type Name = tuple[str, str]
"""The table of an object ('' if it is not part of one), and its name."""


@dataclass(frozen=True)
class Step:
    """What an operation of an applied migration did apart from the models."""

    kept: Collection[Name] = ()
    """The objects that it left in the database, and removed from the models."""
    sql: str = ""
    code: str = ""
    """The Python source of the module whose function it ran."""
    cascades: bool = False
    """Whether it also dropped what depended on something else."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """The old name of a table by the new one."""


def read_steps(loader: MigrationLoader, connection: BaseDatabaseWrapper) -> list[Step]:
    """Return the steps of the applied migrations, in the order of the migrations."""
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
        sql = _text(operation.sql)
        yield Step(sql=sql, cascades="cascade" in sql.lower())
    elif isinstance(operation, RunPython):
        yield Step(code=_source(operation.code))
    elif isinstance(operation, (AlterModelTable, RenameModel)):
        yield Step(renamed=_renamed(operation, app_label, state, connection))
    elif isinstance(operation, RemoveField):
        yield Step(cascades=True)
    elif isinstance(operation, AddConstraintNotValid):
        yield Step(sql=f"ADD CONSTRAINT {quote(operation.constraint.name)} NOT VALID;")
    elif isinstance(operation, ValidateConstraint):
        yield Step(sql=f"VALIDATE CONSTRAINT {quote(operation.name)};")
    elif isinstance(operation, CollationOperation):
        verb = "CREATE" if isinstance(operation, CreateCollation) else "DROP"
        yield Step(sql=f"{verb} COLLATION {quote(operation.name)};")


def _renamed(
    operation: AlterModelTable | RenameModel,
    app_label: str,
    state: ProjectState,
    connection: BaseDatabaseWrapper,
) -> dict[str, str]:
    """Return the old name of the model's table by the new one."""
    old_name = new_name = operation.name_lower
    if isinstance(operation, RenameModel):
        old_name, new_name = operation.old_name_lower, operation.new_name_lower
    after = state.clone()
    operation.state_forwards(app_label, after)
    old, new = (
        split_identifier(_table(each.models[app_label, name], connection))[1]
        for each, name in ((state, old_name), (after, new_name))
    )
    return {new: old} if new != old else {}


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


def _table(model: ModelState, connection: BaseDatabaseWrapper) -> str:
    default = f"{model.app_label}_{model.name_lower}"
    return model.options.get("db_table") or truncate_name(default, connection.ops.max_name_length())


def _names_of(model: ModelState, connection: BaseDatabaseWrapper) -> Iterator[Name]:
    """Yield the table of the model and its parts, its link tables, and its enum types."""
    length = connection.ops.max_name_length()
    table = _table(model, connection)
    yield "", table
    for name, original in model.fields.items():
        clone: Any = original.clone()
        clone.set_attributes_from_name(name)
        if clone.many_to_many:
            yield "", clone.db_table or truncate_name(f"{strip_quotes(table)}_{name}", length)
        elif clone.column:
            yield table, clone.column
        if enum := enum_field(clone):
            yield "", enum.type_name
    for item in (*model.options.get("indexes", ()), *model.options.get("constraints", ())):
        yield table, item.name
