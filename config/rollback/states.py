"""The states of the models between the operations of a rollback.

The states are kept, because building their models takes time and a rollback needs each state twice:
in the rehearsal and in the execution.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from functools import cached_property, reduce
from itertools import accumulate
from typing import NamedTuple

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration, RunPython, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState, StateApps

UNDO_PARTS = SeparateDatabaseAndState.database_backwards
MOST_KEPT = 200  # states; each takes about a megabyte for every 30 models


class State(ProjectState):
    """The state after `operation`. The state `before` stays unchanged."""

    def __init__(self, before: ProjectState, app_label: str, operation: Operation) -> None:
        models = {key: model.clone() for key, model in before.models.items()}
        super().__init__(models, before.real_apps)
        self.built_from = before, app_label, operation
        operation.state_forwards(app_label, self)

    @cached_property
    def apps(self) -> StateApps:
        """The models, built from this state if no related model is missing.

        A migration may delete a model before the fields that refer to the model. Then adapt a copy
        of the models of `before`. Django always does this, but it takes longer.
        """
        try:
            return super().apps
        except ValueError:
            before, app_label, operation = self.built_from
            adapted = _copy(before)
            vars(adapted)["apps"] = before.apps.clone()
            operation.state_forwards(app_label, adapted)
            return adapted.apps


class AppliedOperation(NamedTuple):
    """An applied operation, and the states before and after the operation."""

    operation: Operation
    before: ProjectState
    after: ProjectState

    def undo(self, app_label: str, editor: BaseDatabaseSchemaEditor) -> None:
        """Undo the operation in the database of `editor`.

        Code gets copies of the states, because code can change their models. For example, the
        manager of ContentType caches rows that the rehearsal rolls back.
        """
        before, after = self.before, self.after
        if not self.operation.reduces_to_sql:
            before, after = _copy(before), _copy(after)
        self.operation.database_backwards(app_label, editor, after, before)


class States:
    """The states that follow from `first`, the state after the rollback."""

    def __init__(self, first: ProjectState) -> None:
        self.first = first
        self._following: dict[tuple[int, Operation], ProjectState] = {}

    def changes(self, migrations: Sequence[Migration]) -> list[list[AppliedOperation]]:
        """Return the applied operations of each migration. `migrations` start with the oldest."""
        states = accumulate(migrations, self._after_migration, initial=self.first)
        return [
            [*self._changes(before, each.app_label, each.operations)]
            for before, each in zip(states, migrations, strict=False)
        ]

    def last(self, migrations: Sequence[Migration]) -> ProjectState:
        """Return the state after the last of `migrations`, which start with the oldest."""
        return reduce(self._after_migration, migrations, self.first)

    def _after_migration(self, state: ProjectState, migration: Migration) -> ProjectState:
        for operation in migration.operations:
            state = self._after(state, migration.app_label, operation)
        return state

    def _changes(
        self, state: ProjectState, app_label: str, operations: Sequence[Operation]
    ) -> Iterator[AppliedOperation]:
        """Yield the operations. Replace SeparateDatabaseAndState by its database operations."""
        for operation in operations:
            after = self._after(state, app_label, operation)
            undoes_parts = type(operation).database_backwards is UNDO_PARTS
            if isinstance(operation, SeparateDatabaseAndState) and undoes_parts:
                yield from self._changes(state, app_label, operation.database_operations)
            else:
                yield AppliedOperation(operation, state, after)
            state = after

    def _after(self, before: ProjectState, app_label: str, operation: Operation) -> ProjectState:
        if type(operation).state_forwards is RunPython.state_forwards:  # changes no state
            return before
        key = id(before), operation
        if key not in self._following:
            self._following[key] = State(before, app_label, operation)
        return self._following[key]

    def release(self, change: AppliedOperation) -> None:
        """Release the models of the state after `change`, if more than MOST_KEPT states exist."""
        if len(self._following) > MOST_KEPT and change.after is not change.before:
            vars(change.after).pop("apps", None)


def _copy[S: ProjectState](state: S) -> S:
    """Return a copy without the built models."""
    copied = copy(state)
    vars(copied).pop("apps", None)
    copied.models = {key: model.clone() for key, model in state.models.items()}
    return copied
