"""Migration operations on enum types. They hold plain labels: they outlive the enum class."""

from collections.abc import Sequence
from typing import Any

from django.db import router
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState

from config.database.backend.base import register_enum_arrays


class EnumOperation(Operation):
    """Something done to the enum type `name`, whose labels are `labels`, in order."""

    reversible = True

    def __init__(self, name: str, labels: Sequence[str]) -> None:
        self.name = name
        self.labels = list(labels)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """A state knows enum types by the fields that use them."""

    def _create(self, app_label: str, schema_editor: Any) -> None:
        if not router.allow_migrate(schema_editor.connection.alias, app_label):
            return
        schema_editor.create_enum(self.name, self.labels)
        if not schema_editor.collect_sql:
            register_enum_arrays(schema_editor.connection.connection)

    def _drop(self, app_label: str, schema_editor: Any) -> None:
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            schema_editor.drop_enum(self.name)


class CreateEnum(EnumOperation):
    """CREATE TYPE … AS ENUM."""

    category = OperationCategory.ADDITION

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._create(app_label, schema_editor)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._drop(app_label, schema_editor)

    def describe(self) -> str:
        return f"Create enum type {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return self.name

    def references_model(self, name: str, app_label: str) -> bool:
        return False

    def reduce(self, operation: Operation, app_label: str) -> list[Operation] | bool:
        if isinstance(operation, DropEnum) and operation.name == self.name:
            return []
        return super().reduce(operation, app_label)


class DropEnum(EnumOperation):
    """DROP TYPE; refused by PostgreSQL while a column still uses the type."""

    category = OperationCategory.REMOVAL

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._drop(app_label, schema_editor)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._create(app_label, schema_editor)

    def describe(self) -> str:
        return f"Drop enum type {self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"drop_{self.name}"
