"""Safer ways to change enum types."""

from collections.abc import Collection

from config.hazards.alternatives.migration_files import NOW, Alternative, NewMigration
from config.hazards.operation_sql import OperationSQL
from config.postgres.enums import is_followed


def change_enum(operation: OperationSQL, codes: Collection[str]) -> Alternative | None:
    if is_followed(operation.migration, operation.change):
        return Alternative(
            "Add the label in a separate migration, before this one.",
            [NewMigration(NOW, [operation.change])],
        )
    if set(codes) == {"changing-column-type"}:
        return Alternative(
            "There is no safer way to reorder the labels of a type. Run it when traffic is low."
        )
    return None
