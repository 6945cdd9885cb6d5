"""The states of the models between the operations of a rollback.

To build the models of a state takes time, and a rollback needs each state twice: in its rehearsal,
and when it is carried out.
"""

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import NamedTuple

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration, RunPython, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState, StateApps

from config.rollback.trace import Mark

MOST_KEPT = 200  # states; the models of one take about a megabyte for each 30 models
WITHOUT_EFFECT = (Mark.state_forwards, RunPython.state_forwards)


class State(ProjectState):
    """The state after `operation`, made without a change of the state `before` it."""

    def __init__(self, before: ProjectState, app_label: str, operation: Operation) -> None:
        models = {key: model.clone() for key, model in before.models.items()}
        super().__init__(models, before.real_apps)
        self.made_of = before, app_label, operation
        operation.state_forwards(app_label, self)

    @cached_property
    def apps(self) -> StateApps:
        """The models, made from this state, or from those before if one that they need is missing.

        A migration may delete a model before the fields that refer to it. Django adapts the models
        in each state to those in the next, which takes longer.
        """
        try:
            return super().apps
        except ValueError:
            before, app_label, operation = self.made_of
            adapted = _copy(before)
            vars(adapted)["apps"] = before.apps.clone()
            operation.state_forwards(app_label, adapted)
            return adapted.apps


class AppliedOperation(NamedTuple):
    """An operation, and the states before and after it."""

    operation: Operation
    before: ProjectState
    after: ProjectState

    def undo(self, app_label: str, editor: BaseDatabaseSchemaEditor) -> None:
        """Undo the operation in the database of `editor`."""
        before, after = self.before, self.after
        if _may_change_states(self.operation):
            before, after = _copy(before), _copy(after)
        self.operation.database_backwards(app_label, editor, after, before)


class States:
    """The states that follow from `first`, the state after the rollback."""

    def __init__(self, first: ProjectState) -> None:
        self.first = first
        self._following: dict[tuple[int, Operation], ProjectState] = {}

    def changes(self, migrations: Sequence[Migration]) -> list[list[AppliedOperation]]:
        """Return the changes by each of `migrations`, which are in the order of applying."""
        state = self.first
        changes: list[list[AppliedOperation]] = []
        for migration in migrations:
            changes.append([])
            for operation in migration.operations:
                before, state = state, self._after(state, migration.app_label, operation)
                changes[-1].append(AppliedOperation(operation, before, state))
        return changes

    def last(self, migrations: Sequence[Migration]) -> ProjectState:
        """Return the state after `migrations`, which are in the order of applying."""
        changes = [change for each in self.changes(migrations) for change in each]
        return changes[-1].after if changes else self.first

    def _after(self, before: ProjectState, app_label: str, operation: Operation) -> ProjectState:
        if type(operation).state_forwards in WITHOUT_EFFECT:  # each run has marks of its own
            return before
        operation = getattr(operation, "original", operation)
        key = id(before), operation
        if key not in self._following:
            self._following[key] = State(before, app_label, operation)
        return self._following[key]

    def release(self, change: AppliedOperation) -> None:
        """Release the models after an undone change, if those of all states take much memory."""
        if len(self._following) > MOST_KEPT and change.after is not change.before:
            vars(change.after).pop("apps", None)


def _may_change_states(operation: Operation) -> bool:
    """Return whether undoing the operation may leave something in the models or the states.

    The manager of ContentType remembers rows, which the rehearsal rolls back. Within
    SeparateDatabaseAndState, RenameField changes fields of the state before.
    """
    return not operation.reduces_to_sql or isinstance(operation, SeparateDatabaseAndState)


def _copy[S: ProjectState](state: S) -> S:
    """Return a copy without the built models."""
    copied = copy(state)
    vars(copied).pop("apps", None)
    copied.models = {key: model.clone() for key, model in state.models.items()}
    return copied
