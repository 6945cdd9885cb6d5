"""The objects that a rollback drops: tables, columns, enum types, and models with them.

They are found in the state of the migrations, as today's models may be of another version of the
code.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist
from django.db import router
from django.db.migrations import Migration
from django.db.migrations.operations import (
    AddField,
    CreateModel,
    RenameField,
    RenameModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from config.migrating import ModelKey, model_keys
from config.postgres import LEDGER
from config.postgres.enums import CreateEnum, enum_types
from config.rollback.plan import Rollback


@dataclass(frozen=True, order=True)
class DroppedObject:
    """A table, or one column of a table that stays."""

    table: str
    column: str = ""

    def __str__(self) -> str:
        return f"{self.table}.{self.column}" if self.column else self.table

    @property
    def described(self) -> str:
        return f"{'column' if self.column else 'table'} {self}"


@dataclass(frozen=True)
class UndoneOperation:
    """An operation that is undone, with the objects that this drops."""

    operation: Operation
    objects: Sequence[DroppedObject] = ()

    @property
    def runs_code(self) -> bool:
        """Return whether undoing it runs code or SQL of a developer, whose effect is unknown.

        The code of Django's own migrations destroys nothing.
        """
        operation = self.operation
        if isinstance(operation, RunPython):
            code = operation.reverse_code
            is_djangos = getattr(code, "__module__", "").startswith("django.")
            return code not in (None, RunPython.noop) and not is_djangos
        return isinstance(operation, RunSQL) and operation.reverse_sql not in (None, RunSQL.noop)


class UndoneMigration(NamedTuple):
    """A migration with its operations, in the order in which they are undone."""

    migration: Migration
    operations: Sequence[UndoneOperation]


@dataclass(frozen=True)
class Dropped:
    """All that a rollback removes, by the names from before the rollback."""

    migrations: Sequence[UndoneMigration] = ()
    models: Collection[ModelKey] = ()
    """The models that are removed; not those that only get their old name back."""
    tables: Sequence[str] = ()
    columns: Sequence[DroppedObject] = ()
    enum_types: Sequence[str] = ()

    @property
    def operations(self) -> list[UndoneOperation]:
        return [undone for _, operations in self.migrations for undone in operations]

    @property
    def model_tables(self) -> list[DroppedObject]:
        """The tables of models; `tables` may have the ledger, too."""
        return [obj for undone in self.operations for obj in undone.objects if not obj.column]

    @property
    def runs_code(self) -> bool:
        return any(undone.runs_code for undone in self.operations)

    @property
    def parameters(self) -> dict[str, list[str]]:
        """The names of all objects, as parameters for a query."""
        return {
            "tables": list(self.tables),
            "column_tables": [column.table for column in self.columns],
            "columns": [column.column for column in self.columns],
            "types": list(self.enum_types),
        }


def find_dropped(rollback: Rollback, alias: str) -> Dropped:
    """Return what `rollback` removes from the database `alias`. Reads the migrations only."""
    names = _CurrentNames()
    made = [
        [
            (operation, names.undo(migration.app_label, operation))
            for operation in reversed([*_database_operations(migration.operations)])
        ]
        for migration in rollback.migrations
    ]
    stay = {names.model(key) for key in model_keys(rollback.after.apps)}
    removed = model_keys(rollback.before.apps) - stay
    migrations = [
        UndoneMigration(
            migration,
            [
                UndoneOperation(operation, list(_objects(thing, removed, rollback, alias)))
                for operation, thing in things
            ],
        )
        for migration, things in zip(rollback.migrations, made, strict=True)
    ]
    objects = [obj for _, undone in migrations for item in undone for obj in item.objects]
    tables = [table.table for table in objects if not table.column]
    return Dropped(
        migrations,
        removed,
        [*tables, LEDGER] if rollback.empties_ledger else tables,
        [column for column in objects if column.column],
        _removed_enum_types(rollback),
    )


def tables_of(state: ProjectState, alias: str) -> list[str]:
    """Return the tables that `alias` has in `state`, and the ledger of migrations."""
    models = [
        model
        for model in state.apps.get_models(include_auto_created=True)
        if _has_table(model, alias)
    ]
    return [*dict.fromkeys(model._meta.db_table for model in models), LEDGER]


class _Made(NamedTuple):
    """A model, or a field of it, that an operation made, by its current name."""

    model: ModelKey
    field: str = ""


class _CurrentNames:
    """The current names of models and fields while operations are undone, the last one first."""

    def __init__(self) -> None:
        self._models: dict[ModelKey, ModelKey] = {}
        self._fields: dict[_Made, str] = {}

    def model(self, key: ModelKey) -> ModelKey:
        return self._models.get(key, key)

    def undo(self, app_label: str, operation: Operation) -> _Made | None:
        """Return what `operation` made, or take its renaming back."""
        if isinstance(operation, CreateModel):
            return _Made(self.model((app_label, operation.name_lower)))
        if isinstance(operation, RenameModel):
            new = self._models.pop(key := (app_label, operation.new_name_lower), key)
            self._models[app_label, operation.old_name_lower] = new
        elif isinstance(operation, AddField | RenameField):
            model = self.model((app_label, operation.model_name_lower))
            if isinstance(operation, AddField):
                name = operation.name
                return _Made(model, self._fields.get(_Made(model, name), name))
            name = operation.new_name
            new_name = self._fields.pop(_Made(model, name), name)
            self._fields[_Made(model, operation.old_name)] = new_name
        return None


def _database_operations(operations: Sequence[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _database_operations(operation.database_operations)
        else:
            yield operation


def _objects(
    made: _Made | None, removed: set[ModelKey], rollback: Rollback, alias: str
) -> Iterator[DroppedObject]:
    """Yield what is in the database of what an operation made, unless its table is dropped too."""
    if made is None:
        return
    try:
        model: Any = rollback.before.apps.get_model(*made.model)
        field: Any = model._meta.get_field(made.field) if made.field else None
    except (LookupError, FieldDoesNotExist):  # a later operation has deleted it
        return
    if not _has_table(model, alias):
        return
    if field is None:
        yield DroppedObject(model._meta.db_table)
        for relation in model._meta.local_many_to_many:
            yield from _own_table(relation)
    elif made.model in removed:
        return
    elif field.many_to_many:
        yield from _own_table(field)
    elif field.column:
        yield DroppedObject(model._meta.db_table, field.column)


def _own_table(relation: Any) -> Iterator[DroppedObject]:
    if relation.remote_field.through._meta.auto_created:
        yield DroppedObject(relation.remote_field.through._meta.db_table)


def _has_table(model: Any, alias: str) -> bool:
    options = model._meta
    return (
        options.managed
        and not options.proxy
        and not options.swapped
        and router.allow_migrate_model(alias, model)
    )


def _removed_enum_types(rollback: Rollback) -> list[str]:
    created = [
        operation.name
        for migration in reversed(rollback.migrations)
        for operation in _database_operations(migration.operations)
        if isinstance(operation, CreateEnum)
    ]
    stay = enum_types(rollback.after)
    used = [*created, *enum_types(rollback.before)]
    return [name for name in dict.fromkeys(used) if name not in stay]
