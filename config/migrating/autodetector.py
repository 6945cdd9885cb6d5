"""The autodetector of makemigrations and migrate."""

from collections.abc import Sequence

from django.db.migrations.autodetector import OperationDependency
from django.db.migrations.operations import AddConstraint, AddIndex
from django.db.migrations.operations.base import Operation

from config.postgres import named_fields
from config.postgres.enums import EnumAutodetector


class MigrationAutodetector(EnumAutodetector):
    """An autodetector of enum types that creates indexes and constraints after their fields."""

    def add_operation(
        self,
        app_label: str,
        operation: Operation,
        dependencies: Sequence[OperationDependency] | None = None,
        beginning: bool = False,
    ) -> None:
        """Let an index or constraint wait for its own fields.

        Django forgets this dependency, and creates the index first where the field itself has to
        wait for the removal of an earlier field of the same name.
        """
        if isinstance(operation, (AddIndex, AddConstraint)):
            item = operation.index if isinstance(operation, AddIndex) else operation.constraint
            created = OperationDependency.Type.CREATE
            dependencies = [
                *(dependencies or ()),
                *(
                    OperationDependency(app_label, operation.model_name, field, created)
                    for field in named_fields(item)
                ),
            ]
        super().add_operation(app_label, operation, dependencies, beginning)
