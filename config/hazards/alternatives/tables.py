"""Alternatives for removed and renamed tables, which old code still uses for a release."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.migrations import AlterModelTable, RunSQL, SeparateDatabaseAndState

from config.hazards.alternatives.migration_files import NEXT, NOW, Alternative, NewMigration
from config.hazards.alternatives.statement_rewrites import ReversibleSQL, run_sql, script
from config.hazards.operation_sql import CollectingSchemaEditor, OperationSQL, read_reverse


def delete_model(operation: OperationSQL, codes: Collection[str]) -> Alternative:
    keys = [
        dropped_key(operation, old)
        for old in operation.model._meta.local_fields
        if old.remote_field and old.db_constraint
    ]
    return drop_table(operation, keys)


def drop_table(operation: OperationSQL, keys: Sequence[ReversibleSQL]) -> Alternative:
    """Return the alternative that drops the foreign keys now, and the table a release later."""
    # Undoing the second migration creates the table with these keys, so drop them here first.
    keys = [
        item._replace(
            backwards=f"{item.forwards.replace(' CONSTRAINT ', ' CONSTRAINT IF EXISTS ')}; "
            f"{item.backwards}"
        )
        for item in keys
    ]
    forget = SeparateDatabaseAndState(
        database_operations=run_sql(keys), state_operations=[operation.change]
    )
    drop = RunSQL(script(operation.statements), script(read_reverse(operation)))
    reason = {"ban-drop-table": "No code has used the table since the last release."}
    return Alternative(
        "Remove it from the code first, and keep the table. Drop the table with the last file, "
        "when no running code uses it.",
        [NewMigration(NOW, [forget]), NewMigration(NEXT, [drop], accepted=reason)],
    )


def dropped_key(operation: OperationSQL, old: Any) -> ReversibleSQL:
    """Return the SQL that drops the foreign key of field `old`.

    Otherwise the key blocks changes by code that no longer knows the field.
    """
    editor: Any = CollectingSchemaEditor(operation.connection)
    create = editor._create_fk_sql(old.model, old, "_fk_%(to_table)s_%(to_column)s")
    alter = f"ALTER TABLE {create.parts['table']}"
    return ReversibleSQL(f"{alter} DROP CONSTRAINT {create.parts['name']}", str(create))


def rename_model(operation: OperationSQL, codes: Collection[str]) -> Alternative | None:
    change = operation.change
    model: Any = operation.before.apps.get_model(operation.app_label, change.old_name)
    fields = model._meta.get_fields(include_hidden=True)
    if any(field.one_to_many and field.related_model._meta.auto_created for field in fields):
        return None  # a column of the many-to-many table keeps the model's old name
    rename = [AlterModelTable(change.old_name, model._meta.db_table), change]
    return Alternative(
        "Rename the model in the code only: set its `Meta.db_table` to the table's name.",
        [NewMigration(NOW, [SeparateDatabaseAndState(state_operations=rename)])],
    )


def alter_model_table(operation: OperationSQL, codes: Collection[str]) -> Alternative:
    quote = operation.connection.ops.quote_name
    model: Any = operation.after.apps.get_model(operation.app_label, operation.model_name)
    old, new = quote(operation.table), quote(model._meta.db_table)
    view = RunSQL(f"CREATE VIEW {old} AS SELECT * FROM {new}", f"DROP VIEW {old}")  # noqa: S608
    reason = {"renaming-table": "Running code uses the view that has the old name."}
    return Alternative(
        "Keep a view with the old name until the next release, because running code reads and "
        "writes through the view.",
        [NewMigration(NOW, [operation.change, view], accepted=reason)],
    )
