"""The effects of applied migrations that the models do not show, such as the SQL of RunSQL."""

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

from config.postgres import applying_order
from config.postgres.catalog import quote
from config.postgres.enums import enum_field

MAX_LENGTH = 63
"""The number of characters to which Django shortens the name of a table."""

type Name = tuple[str, str]
"""The table that the object is part of, or '' if there is none, and the object's name."""


@dataclass(frozen=True)
class OperationEffect:
    """An effect of an applied migration operation that the models do not show."""

    kept: Collection[Name] = ()
    """The objects that the operation removed from the models, but not from the database."""
    sql: str = ""
    code: str = ""
    """The Python source of the module that contains the function of RunPython."""
    cascades: bool = False
    """True if the operation may also have dropped dependent objects."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """The old names of renamed tables, by new name."""


def read_effects(loader: MigrationLoader, connection: BaseDatabaseWrapper) -> list[OperationEffect]:
    """Return the effects of the applied migrations, in the order of the migrations."""
    state = ProjectState()
    effects: list[OperationEffect] = []
    for node in applying_order(loader.graph):
        if node not in loader.applied_migrations:
            continue
        for operation in loader.graph.nodes[node].operations:
            effects += _operation_effects(operation, node[0], state, connection)
            operation.state_forwards(node[0], state)
    return effects


def _operation_effects(
    operation: Operation, app_label: str, state: ProjectState, connection: BaseDatabaseWrapper
) -> Iterator[OperationEffect]:
    hints = getattr(operation, "hints", {})
    if isinstance(operation, SeparateDatabaseAndState):
        yield OperationEffect(kept=_objects_left_behind(operation, app_label, state))
        for inner in operation.database_operations:
            yield from _operation_effects(inner, app_label, state, connection)
    elif not router.allow_migrate(connection.alias, app_label, **hints):
        return
    elif isinstance(operation, RunSQL):
        sql = _run_sql_text(operation.sql)
        yield OperationEffect(sql=sql, cascades="cascade" in sql.lower())
    elif isinstance(operation, RunPython):
        yield OperationEffect(code=_module_source(operation.code))
    elif isinstance(operation, (AlterModelTable, RenameModel)):
        yield OperationEffect(renamed=_renamed_table(operation, app_label, state))
    elif isinstance(operation, RemoveField):
        yield OperationEffect(cascades=True)
    elif isinstance(operation, AddConstraintNotValid):
        yield OperationEffect(sql=f"ADD CONSTRAINT {quote(operation.constraint.name)} NOT VALID;")
    elif isinstance(operation, ValidateConstraint):
        yield OperationEffect(sql=f"VALIDATE CONSTRAINT {quote(operation.name)};")
    elif isinstance(operation, CollationOperation):
        verb = "CREATE" if isinstance(operation, CreateCollation) else "DROP"
        yield OperationEffect(sql=f"{verb} COLLATION {quote(operation.name)};")


def _renamed_table(
    operation: AlterModelTable | RenameModel, app_label: str, state: ProjectState
) -> dict[str, str]:
    """Return {new name: old name} of the model's table, or {} if the table keeps its name."""
    old_name = new_name = operation.name_lower
    if isinstance(operation, RenameModel):
        old_name, new_name = operation.old_name_lower, operation.new_name_lower
    after = state.clone()
    operation.state_forwards(app_label, after)
    models = state.models[app_label, old_name], after.models[app_label, new_name]
    old, new = (split_identifier(_table_name(model))[1] for model in models)
    return {new: old} if new != old else {}


def _run_sql_text(sql: object) -> str:
    """Return the script or the list of statements, which may have parameters, as one script."""
    if isinstance(sql, str):
        return sql
    statements = list(sql) if isinstance(sql, Iterable) else []
    return ";\n".join(item if isinstance(item, str) else str(item[0]) for item in statements)


def _module_source(code: object) -> str:
    try:
        module = inspect.getmodule(code)
        return inspect.getsource(module) if module else ""
    except (OSError, TypeError):
        return ""


def _objects_left_behind(
    operation: SeparateDatabaseAndState, app_label: str, state: ProjectState
) -> set[Name]:
    models, database = state.clone(), state.clone()
    operation.state_forwards(app_label, models)
    for inner in operation.database_operations:
        inner.state_forwards(app_label, database)
    return _object_names(database) - _object_names(models)


def _object_names(state: ProjectState) -> set[Name]:
    return {
        name
        for model in state.models.values()
        if model.options.get("managed", True) and not model.options.get("proxy")
        for name in _model_object_names(model)
    }


def _table_name(model: ModelState) -> str:
    default = f"{model.app_label}_{model.name_lower}"
    return model.options.get("db_table") or truncate_name(default, MAX_LENGTH)


def _model_object_names(model: ModelState) -> Iterator[Name]:
    """Yield the tables, columns, indexes, constraints and enum types of the model."""
    table = _table_name(model)
    yield "", table
    for name, original in model.fields.items():
        clone: Any = original.clone()
        clone.set_attributes_from_name(name)
        if clone.many_to_many:
            yield "", clone.db_table or truncate_name(f"{strip_quotes(table)}_{name}", MAX_LENGTH)
        elif clone.column:
            yield table, clone.column
        if enum := enum_field(clone):
            yield "", enum.type_name
    for item in (*model.options.get("indexes", ()), *model.options.get("constraints", ())):
        yield table, item.name
