"""Alternatives to dangerous operations, by kind of operation."""

from collections.abc import Callable, Collection

from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterModelTable,
    DeleteModel,
    RemoveField,
    RemoveIndex,
    RenameField,
    RenameModel,
)
from django.db.migrations.operations.base import Operation

from config.hazards.alternatives.added_fields import add_field
from config.hazards.alternatives.constraints import add_constraint, add_index, remove_index
from config.hazards.alternatives.enum_types import change_enum
from config.hazards.alternatives.fields import alter_field, remove_field, rename_field
from config.hazards.alternatives.migration_files import AFTERWARDS, Alternative, NewMigration
from config.hazards.alternatives.operation_rewrites import rewrite_operation
from config.hazards.alternatives.tables import alter_model_table, delete_model, rename_model
from config.hazards.operation_sql import OperationSQL
from config.hazards.rules import RULES
from config.postgres.enums import EnumOperation

__all__ = ["NO_ALTERNATIVE", "Alternative", "find_alternative"]

NO_ALTERNATIVE = Alternative("There is no safer alternative. Run it when traffic is low.")
OUTSIDE_TRANSACTION = ("ban-concurrent-index-creation-in-transaction", "backfill-in-transaction")
"""The hazards of operations that are safe outside of a transaction."""

type FindAlternative = Callable[[OperationSQL, Collection[str]], Alternative | None]

ALTERNATIVES: dict[type[Operation], FindAlternative] = {
    AddIndex: add_index,
    RemoveIndex: remove_index,
    AddConstraint: add_constraint,
    AddField: add_field,
    AlterField: alter_field,
    RemoveField: remove_field,
    RenameField: rename_field,
    DeleteModel: delete_model,
    RenameModel: rename_model,
    AlterModelTable: alter_model_table,
    EnumOperation: change_enum,
}


def find_alternative(operation: OperationSQL, codes: Collection[str]) -> Alternative:
    """Return the alternative that has the effect of `operation` without the hazards `codes`."""
    for code in OUTSIDE_TRANSACTION:
        if code in codes:
            alone = NewMigration(AFTERWARDS, [operation.listed], atomic=False)
            return Alternative(RULES[code].instead, [alone])
    return _by_kind(operation, codes) or _by_code(codes) or NO_ALTERNATIVE


def _by_kind(operation: OperationSQL, codes: Collection[str]) -> Alternative | None:
    if operation.listed is operation.change:
        for kind, find in ALTERNATIVES.items():
            if isinstance(operation.change, kind):
                return find(operation, codes)
    return rewrite_operation(operation)


def _by_code(codes: Collection[str]) -> Alternative | None:
    rules = (RULES[code] for code in codes if code in RULES)
    return next((Alternative(rule.instead) for rule in rules if rule.instead), None)
