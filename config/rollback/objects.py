"""What in the database goes with migrations that are unapplied: tables, columns, enum types.

Found by the models' state, not by today's models: those may be of another version of the code.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

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
from config.postgres.enums import CreateEnum, enum_types
from config.rollback.plan import Rollback

LEDGER = "django_migrations"


@dataclass(frozen=True, order=True)
class Part:
    """A table, or one column of a table that stays."""

    table: str
    column: str = ""

    def __str__(self) -> str:
        return f"{self.table}.{self.column}" if self.column else self.table


@dataclass(frozen=True)
class Undone:
    """An operation that is undone, and what goes with it."""

    operation: Operation
    parts: Sequence[Part] = ()

    @property
    def runs_code(self) -> bool:
        """Whether it does what nobody can foresee. Django's own migrations destroy nothing so."""
        operation = self.operation
        if isinstance(operation, RunPython):
            code = operation.reverse_code
            is_djangos = getattr(code, "__module__", "").startswith("django.")
            return code not in (None, RunPython.noop) and not is_djangos
        return isinstance(operation, RunSQL) and operation.reverse_sql not in (None, RunSQL.noop)


@dataclass(frozen=True)
class Gone:
    """All that is gone after a rollback, by the names that it has before."""

    steps: Sequence[tuple[Migration, Sequence[Undone]]]
    """The operations of each migration, in the order in which they are undone."""
    models: set[ModelKey]
    """Without those that only have their old name again."""
    names_in_the_end: set[ModelKey]
    """Of the same models, when all that was renamed has its old name again."""
    tables: Sequence[str]
    columns: Sequence[Part]
    enum_types: Sequence[str]

    @property
    def parts(self) -> list[Part]:
        return [part for _, undone in self.steps for item in undone for part in item.parts]


def find_gone(rollback: Rollback, alias: str) -> Gone:
    """What `rollback` takes away from the database `alias`. Asks the migrations only."""
    made = _made(rollback)
    state_apps = rollback.before.apps
    whole = {
        (thing.app_label, thing.model): thing for things in made for thing in things if thing.is_new
    }
    steps = []
    for migration, things in zip(rollback.migrations, reversed(made), strict=True):
        undone = [
            Undone(thing.operation, list(_parts(thing, whole, state_apps, alias)))
            for thing in reversed(things)
        ]
        steps.append((migration, undone))
    parts = [part for _, items in steps for item in items for part in item.parts]
    tables = [part.table for part in parts if not part.column]
    if rollback.empties_ledger:
        tables.append(LEDGER)
    return Gone(
        steps,
        *_models(rollback),
        tables,
        [part for part in parts if part.column],
        _enum_types(rollback),
    )


def tables_of(state: ProjectState, alias: str) -> list[str]:
    """The tables that `alias` has in `state`, and the migrations' ledger."""
    models = [
        model
        for model in state.apps.get_models(include_auto_created=True)
        if _has_table(model, alias)
    ]
    return [*dict.fromkeys(model._meta.db_table for model in models), LEDGER]


@dataclass
class _Thing:
    """An operation, and the model or field that it made, under the name it has by now."""

    operation: Operation
    app_label: str
    model: str = ""
    name: str = ""
    """Of a field; '' is the model itself."""

    @property
    def is_new(self) -> bool:
        return bool(self.model and not self.name)


@dataclass
class _Tracker:
    things: list[_Thing] = field(default_factory=list)

    def add(self, app_label: str, operation: Operation) -> _Thing:
        thing = _Thing(operation, app_label)
        if isinstance(operation, CreateModel):
            thing.model = operation.name_lower
        elif isinstance(operation, AddField):
            thing.model, thing.name = operation.model_name_lower, operation.name
        elif isinstance(operation, RenameModel):
            self.rename(app_label, operation)
        elif isinstance(operation, RenameField):
            self.rename_field(app_label, operation)
        self.things.append(thing)
        return thing

    def rename(self, app_label: str, operation: RenameModel) -> None:
        for thing in self.things:
            if (thing.app_label, thing.model) == (app_label, operation.old_name_lower):
                thing.model = operation.new_name_lower

    def rename_field(self, app_label: str, operation: RenameField) -> None:
        where = (app_label, operation.model_name_lower, operation.old_name)
        for thing in self.things:
            if (thing.app_label, thing.model, thing.name) == where:
                thing.name = operation.new_name


def _made(rollback: Rollback) -> list[list[_Thing]]:
    """By migration, in the order in which they were applied."""
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


def _parts(
    thing: _Thing, whole: dict[ModelKey, _Thing], state_apps: Any, alias: str
) -> Iterator[Part]:
    """What is there now of what the operation made."""
    if not thing.model:
        return
    try:
        model = state_apps.get_model(thing.app_label, thing.model)
    except LookupError:  # a later operation has deleted it
        return
    if not _has_table(model, alias):
        return
    if thing.is_new:
        yield Part(model._meta.db_table)
        for relation in model._meta.local_many_to_many:
            yield from _own_table(relation)
        return
    if (thing.app_label, thing.model) in whole:  # it goes with its table
        return
    try:
        made = model._meta.get_field(thing.name)
    except FieldDoesNotExist:
        return
    if made.many_to_many:
        yield from _own_table(made)
    elif made.column:
        yield Part(model._meta.db_table, made.column)


def _own_table(relation: Any) -> Iterator[Part]:
    if relation.remote_field.through._meta.auto_created:
        yield Part(relation.remote_field.through._meta.db_table)


def _has_table(model: Any, alias: str) -> bool:
    options = model._meta
    return (
        options.managed
        and not options.proxy
        and not options.swapped
        and router.allow_migrate_model(alias, model)
    )


def renames(rollback: Rollback) -> list[tuple[ModelKey, ModelKey]]:
    """The new and the old name of each model that gets its old name back, in order."""
    return [
        (
            (migration.app_label, operation.new_name_lower),
            (migration.app_label, operation.old_name_lower),
        )
        for migration in rollback.migrations
        for operation in reversed(migration.operations)
        if isinstance(operation, RenameModel)
    ]


def _models(rollback: Rollback) -> tuple[set[ModelKey], set[ModelKey]]:
    """The models that are gone, by the names that they have before and in the end."""
    now = {key: key for key in model_keys(rollback.before.apps)}
    for new, old in renames(rollback):
        now = {old if key == new else key: first for key, first in now.items()}
    stay = model_keys(rollback.after.apps)
    gone = {key: first for key, first in now.items() if key not in stay}
    return set(gone.values()), set(gone)


def _enum_types(rollback: Rollback) -> list[str]:
    created = [
        operation.name
        for migration in reversed(rollback.migrations)
        for operation in _database_operations(migration.operations)
        if isinstance(operation, CreateEnum)
    ]
    used = [*created, *enum_types(rollback.before)]
    stay = enum_types(rollback.after)
    return [name for name in dict.fromkeys(used) if name not in stay]
