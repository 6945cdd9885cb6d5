"""The objects that a rollback drops: tables, columns, enum types, and models with them.

They are found in the state of the migrations, as today's models may be of another version of the
code.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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

from config.migrating import LEDGER, ModelKey, model_keys, renamed_back
from config.postgres.enums import CreateEnum, enum_types
from config.rollback.plan import Rollback


@dataclass(frozen=True, order=True)
class DroppedObject:
    """A table, or one column of a table that stays."""

    table: str
    column: str = ""

    def __str__(self) -> str:
        return f"{self.table}.{self.column}" if self.column else self.table


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
    models: frozenset[ModelKey] = frozenset()
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
    made = _made(rollback)
    new_models = {thing.model_key for things in made for thing in things if thing.is_model}
    apps = rollback.before.apps
    migrations = [
        UndoneMigration(
            migration,
            [
                UndoneOperation(thing.operation, list(_objects(thing, new_models, apps, alias)))
                for thing in reversed(things)
            ],
        )
        for migration, things in zip(rollback.migrations, reversed(made), strict=True)
    ]
    objects = [obj for _, undone in migrations for item in undone for obj in item.objects]
    tables = [table.table for table in objects if not table.column]
    return Dropped(
        migrations,
        _removed_models(rollback),
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


@dataclass
class _Made:
    """An operation, and the model or field that it made, under its current name."""

    operation: Operation
    app_label: str
    model: str = ""
    field: str = ""
    """The name of a field; '' for the model itself."""

    @property
    def is_model(self) -> bool:
        return bool(self.model and not self.field)

    @property
    def model_key(self) -> ModelKey:
        return self.app_label, self.model


@dataclass
class _Tracker:
    """Everything that operations made so far, with the renames that came later."""

    things: list[_Made] = field(default_factory=list)

    def add(self, app_label: str, operation: Operation) -> _Made:
        thing = _Made(operation, app_label)
        if isinstance(operation, CreateModel):
            thing.model = operation.name_lower
        elif isinstance(operation, AddField):
            thing.model, thing.field = operation.model_name_lower, operation.name
        elif isinstance(operation, RenameModel):
            for other in self.things:
                if other.model_key == (app_label, operation.old_name_lower):
                    other.model = operation.new_name_lower
        elif isinstance(operation, RenameField):
            for other in self.things:
                renamed = (app_label, operation.model_name_lower), operation.old_name
                if (other.model_key, other.field) == renamed:
                    other.field = operation.new_name
        self.things.append(thing)
        return thing


def _made(rollback: Rollback) -> list[list[_Made]]:
    """Return what each migration made, in the order in which they were applied."""
    tracker = _Tracker()
    return [
        [
            tracker.add(migration.app_label, operation)
            for operation in _database_operations(migration.operations)
        ]
        for migration in reversed(rollback.migrations)
    ]


def _database_operations(operations: Sequence[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _database_operations(operation.database_operations)
        else:
            yield operation


def _objects(
    thing: _Made, new_models: set[ModelKey], apps: Any, alias: str
) -> Iterator[DroppedObject]:
    """Yield what is in the database now of what the operation made."""
    if not thing.model:
        return
    try:
        model = apps.get_model(*thing.model_key)
        made = None if thing.is_model else model._meta.get_field(thing.field)
    except (LookupError, FieldDoesNotExist):  # a later operation has deleted it
        return
    if not _has_table(model, alias):
        return
    if made is None:
        yield DroppedObject(model._meta.db_table)
        for relation in model._meta.local_many_to_many:
            yield from _own_table(relation)
    elif thing.model_key in new_models:  # the field is dropped with its table
        return
    elif made.many_to_many:
        yield from _own_table(made)
    elif made.column:
        yield DroppedObject(model._meta.db_table, made.column)


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


def _removed_models(rollback: Rollback) -> frozenset[ModelKey]:
    """Return the models that are removed, by the names that they have before."""
    now = {key: key for key in model_keys(rollback.before.apps)}
    for model in renamed_back(rollback.plan):
        now = {model.old if key == model.new else key: first for key, first in now.items()}
    stay = model_keys(rollback.after.apps)
    return frozenset(first for key, first in now.items() if key not in stay)


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
