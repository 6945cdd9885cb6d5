"""Safer ways to alter, rename and remove fields."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import models
from django.db.migrations import (
    AddField,
    AlterField,
    RemoveField,
    RenameField,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.models import F
from django.db.models.functions import Cast

from config.hazards.alternatives.field_copies import copy_field, without_index
from config.hazards.alternatives.migration_files import (
    AFTERWARDS,
    NEXT,
    NOW,
    Alternative,
    NewMigration,
)
from config.hazards.alternatives.operation_rewrites import rewrite_operation
from config.hazards.alternatives.statement_rewrites import ReversibleSQL, run_sql, script
from config.hazards.alternatives.tables import drop_table, dropped_key
from config.hazards.operation_sql import OperationSQL, read_operations
from config.hazards.rules import RULES
from config.postgres import Backfill, EnumField, named_fields


def alter_field(operation: OperationSQL, codes: Collection[str]) -> Alternative | None:
    if "renaming-column" in codes:
        return _keep_column_name(operation)
    if "changing-column-type" in codes:
        return _change_type(operation)
    return rewrite_operation(operation)


def _keep_column_name(operation: OperationSQL) -> Alternative:
    change = operation.change
    same = copy_field(change.field, db_column=operation.field_before.column)
    return Alternative(
        "Set the field's `db_column` to the column's name, so that the column keeps the name.",
        [NewMigration(NOW, [AlterField(change.model_name, change.name, same)])],
    )


def _change_type(operation: OperationSQL) -> Alternative | None:
    """Return the alternative that fills a new column, and then removes the old column."""
    change = operation.change
    old, name = operation.field_before, change.name
    is_named = any(name in named_fields(item) for item in operation.constraints_and_indexes)
    if old.primary_key or old.is_relation or is_named:
        return None
    model_name, other = change.model_name, f"{name}_new"
    field = copy_field(without_index(change.field), null=True)
    value = Cast(F(name), models.TextField()) if isinstance(field, EnumField) else F(name)
    fill = Backfill(model_name, other, Cast(value, field))
    replace = [
        RemoveField(model_name, name),
        AlterField(model_name, other, copy_field(field, db_column=other)),
        RenameField(model_name, other, name),
    ]
    return Alternative(
        RULES["changing-column-type"].instead,
        [
            NewMigration(f"{NOW}, which writes both fields", [AddField(model_name, other, field)]),
            NewMigration(AFTERWARDS, [fill], atomic=False),
            *_forget_column(operation, old, replace, NEXT),
        ],
    )


def rename_field(operation: OperationSQL, codes: Collection[str]) -> Alternative | None:
    change = operation.change
    old = operation.model._meta.get_field(change.old_name)
    if old.many_to_many:
        return None
    same = AlterField(change.model_name, change.old_name, copy_field(old, db_column=old.column))
    rename = RenameField(change.model_name, change.old_name, change.new_name)
    return Alternative(
        "Rename the field in the code only: set its `db_column` to the column's name.",
        [NewMigration(NOW, [same, rename])],
    )


def remove_field(operation: OperationSQL, codes: Collection[str]) -> Alternative | None:
    old = operation.field_before
    if old.many_to_many:
        return drop_table(operation, [])
    if old.primary_key:
        return None
    return Alternative(
        "Remove the field from the code first. Drop the column when no running code reads it.",
        _forget_column(operation, old, [operation.change], NOW),
    )


def _forget_column(
    operation: OperationSQL, old: Any, state_operations: Sequence[Operation], when: str
) -> list[NewMigration]:
    """Return migrations that change the state now, and drop the column of `old` a release later.

    Until then, code that no longer knows the column must still be able to insert rows.
    """
    quote = operation.connection.ops.quote_name
    alter = f"ALTER TABLE {quote(old.model._meta.db_table)}"
    column = quote(old.column)
    statements, restored = [], copy_field(old)
    if not old.null and not old.has_db_default() and not old.generated:
        alter_column = f"{alter} ALTER COLUMN {column}"
        statements.append(
            ReversibleSQL(f"{alter_column} DROP NOT NULL", f"{alter_column} SET NOT NULL")
        )
        restored = copy_field(restored, null=True)
    if old.remote_field:
        restored = copy_field(restored, db_constraint=False)
        statements += [dropped_key(operation, old)] if old.db_constraint else []
    forget = SeparateDatabaseAndState(
        database_operations=run_sql(statements), state_operations=[*state_operations]
    )
    drop = RunSQL(
        f"{alter} DROP COLUMN {column}", script(_statements_to_add(operation, old.name, restored))
    )
    reason = {"ban-drop-column": "No code has read the column since the last release."}
    return [NewMigration(when, [forget]), NewMigration(NEXT, [drop], accepted=reason)]


def _statements_to_add(operation: OperationSQL, name: str, field: Any) -> list[str]:
    """Return the statements that add `field` to the model after its field `name` is removed."""
    remove = RemoveField(operation.model_name, name)
    add = AddField(operation.model_name, name, field)
    *_, added = read_operations(
        operation.connection, operation.app_label, [remove, add], operation.before
    )
    return added.statements
