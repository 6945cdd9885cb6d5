"""The base class of operations on enum types."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.apps import apps
from django.core.management.base import CommandError
from django.db import DataError, ProgrammingError, router
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField, AlterField, CreateModel
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState
from psycopg import errors

from config.postgres.enums.field import enum_field

CONFLICTS = (errors.DuplicateObject, errors.InvalidParameterValue, errors.UndefinedObject)
"""The errors for a type or label that exists already, or does not exist."""


class EnumOperation(Operation):
    """An operation on the enum type `name`.

    The operation runs on databases for which routers allow the type. `forwards` and `backwards` get
    the schema editor of `config.postgres.backend`.
    """

    reversible = True
    category = OperationCategory.ALTERATION

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def name_before(self) -> str:
        """The name of the type before the operation, or '' if it does not exist yet."""
        return self.name

    @property
    def name_after(self) -> str:
        """The name of the type after the operation, or '' if it no longer exists."""
        return self.name

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Leave `state` as it is, because a state contains enum types only in fields."""

    def forwards(self, editor: Any) -> None:
        raise NotImplementedError

    def backwards(self, editor: Any) -> None:
        raise NotImplementedError

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if not self._applies(schema_editor, app_label, self.name_before, to_state):
            return
        try:
            self.forwards(schema_editor)
        except (DataError, ProgrammingError) as error:
            if not isinstance(error.__cause__, CONFLICTS):
                raise
            raise self.conflict(error.__cause__.diag.message_primary or "") from error

    def conflict(self, reason: str) -> CommandError:
        """Return the error for an operation that does not fit the type in the database."""
        return CommandError(
            f"{self.describe()}: {reason}. This migration changed nothing. If two branches make "
            "the same change, delete the operation from the later migration. Otherwise, correct "
            "the operation."
        )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if self._applies(schema_editor, app_label, self.name_after, to_state):
            self.backwards(schema_editor)

    def _applies(self, editor: Any, app_label: str, present: str, state: ProjectState) -> bool:
        """Return whether to run the operation. `present` is the present name of the type, if any.

        A type that routers did not allow before is missing until a column of the type is created.
        """
        is_wanted = self.is_wanted(editor.connection.alias, app_label)
        if not is_wanted or self._is_of_unmigrated_app(editor, present or self.name, state):
            return False
        return (
            not (router.routers and present)
            or editor.collect_sql
            or editor.enum_labels(present) is not None
        )

    def _is_of_unmigrated_app(self, editor: Any, name: str, state: ProjectState) -> bool:
        """Return whether an app without migrations has created the type with its present labels.

        `migrate` creates the tables of such apps before it runs migrations.
        """
        configs = [apps.get_app_config(app_label) for app_label in state.real_apps]
        models = [model for config in configs for model in config.get_models()]
        fields = [enum_field(field) for model in models for field in model._meta.local_fields]
        labels = [list(enum.labels) for enum in fields if enum and enum.type_name == name]
        return bool(labels) and editor.enum_labels(name) == labels[0]

    def is_wanted(self, alias: str, app_label: str) -> bool:
        """Return whether routers allow the type on the database `alias`.

        Routers must allow a model that uses the type or, if there is none, the app of the type.
        """
        users = _read_users(self) if router.routers else []
        if not users:
            return router.allow_migrate(alias, app_label)
        return any(user.is_allowed(alias) for user in users)


class TypeUser(NamedTuple):
    """A model that has a field of an enum type in any migration."""

    app_label: str
    model_name: str

    def is_allowed(self, alias: str) -> bool:
        try:
            model = apps.get_model(*self)
        except LookupError:  # the model was deleted or renamed later
            return router.allow_migrate(alias, self.app_label, model_name=self.model_name)
        return model._meta.can_migrate(alias) and router.allow_migrate_model(alias, model)


def _read_users(operation: EnumOperation) -> list[TypeUser]:
    """Return the models that use the type of the operation, under any name, in any migration."""
    names = {operation.name}
    users: dict[str, list[TypeUser]] = {}
    renamed: list[set[str]] = []
    for (app_label, _), migration in MigrationLoader(None).disk_migrations.items():
        for each in _with_nested(migration.operations):
            for model_name, field in _fields_of(each):
                if enum := enum_field(field):
                    users.setdefault(enum.type_name, []).append(TypeUser(app_label, model_name))
            if isinstance(each, EnumOperation) and each.name_before and each.name_after:
                renamed.append({each.name_before, each.name_after})
    for _ in renamed:  # each pass follows one more renaming
        names.update(*(pair for pair in renamed if pair & names))
    return [user for name in names for user in users.get(name, ())]


def _with_nested(operations: Sequence[Operation]) -> Iterator[Operation]:
    """Yield the operations, and the operations inside SeparateDatabaseAndState."""
    for operation in operations:
        yield operation
        for inner in ("database_operations", "state_operations"):
            yield from _with_nested(getattr(operation, inner, None) or ())


def _fields_of(operation: Operation) -> Iterator[tuple[str, Any]]:
    """Yield the model name and field of each field that the operation adds or alters."""
    if isinstance(operation, CreateModel):
        yield from ((operation.name_lower, field) for _, field in operation.fields)
    elif isinstance(operation, (AddField, AlterField)):
        yield operation.model_name_lower, operation.field
