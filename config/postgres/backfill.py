"""The migration operation that fills a column of a table in use."""

from typing import Any

from django.contrib.postgres.operations import NotInTransactionMixin
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState


class Backfill(NotInTransactionMixin, Operation):
    """The operation that gives `value` to the rows whose `field_name` is NULL, in batches.

    Each batch of `batch_size` rows is a separate transaction, so that rows are locked briefly and
    an interrupted operation continues where it stopped. `value` may be an expression that uses
    other fields of the row. In a migration without `atomic = False`, the operation raises
    NotSupportedError. Undoing the operation leaves the values.
    """

    category = OperationCategory.PYTHON
    reduces_to_sql = False
    reversible = True

    def __init__(
        self, model_name: str, field_name: str, value: Any, batch_size: int = 1000
    ) -> None:
        self.model_name = model_name
        self.field_name = field_name
        self.value = value
        self.batch_size = batch_size

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Leave the state as it is."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._ensure_not_in_transaction(schema_editor)
        model: Any = to_state.apps.get_model(app_label, self.model_name)
        alias = schema_editor.connection.alias
        if not self.allow_migrate_model(alias, model):
            return
        empty = model._base_manager.using(alias).filter(**{f"{self.field_name}__isnull": True})
        keys = self._first_keys(empty)
        while keys:
            empty.filter(pk__in=keys).update(**{self.field_name: self.value})
            keys = self._first_keys(empty.filter(pk__gt=keys[-1]))

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Leave the values, because the rows without a value are not recorded."""

    def _first_keys(self, rows: Any) -> list[Any]:
        return list(rows.order_by("pk").values_list("pk", flat=True)[: self.batch_size])

    def describe(self) -> str:
        return f"Fill field {self.field_name} of {self.model_name} in batches"

    @property
    def migration_name_fragment(self) -> str:
        return f"fill_{self.model_name.lower()}_{self.field_name.lower()}"
