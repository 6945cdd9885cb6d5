"""The states of the models between the operations of a rollback.

Building the models of a state takes time, and a rollback needs each state twice: in its rehearsal,
and when it is carried out.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import NamedTuple

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration, RunPython
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from config.postgres.enums import database_operations
from config.rollback.trace import Mark

MOST_KEPT = 200  # states; the models of one take about a megabyte for each 30 models


class AppliedOperation(NamedTuple):
    """An operation, and the states before and after it."""

    operation: Operation
    before: ProjectState
    after: ProjectState

    def undo(self, app_label: str, editor: BaseDatabaseSchemaEditor) -> None:
        """Undo the operation in the database of `editor`.

        Django's rename operations swap their names while they are undone. Restore the names after
        an error, because the next attempt would otherwise rename in the other direction.
        """
        kept = [(each, vars(each).copy()) for each in database_operations([self.operation])]
        try:
            self.operation.database_backwards(app_label, editor, self.after, self.before)
        except BaseException:
            for operation, attributes in kept:
                vars(operation).update(attributes)
            raise


class States:
    """The states of a rollback, built from `first`, the state after the rollback."""

    def __init__(self, first: ProjectState) -> None:
        self.first = first
        self._following: dict[tuple[int, Operation], ProjectState] = {}

    def operations(self, migrations: Sequence[Migration]) -> list[list[AppliedOperation]]:
        """Return the operations of each of `migrations`, which are in the order of applying."""
        state = self.first
        applied: list[list[AppliedOperation]] = []
        for migration in migrations:
            applied.append([])
            for operation in migration.operations:
                before, state = state, self._after(state, migration.app_label, operation)
                applied[-1].append(AppliedOperation(operation, before, state))
        return applied

    def last(self, migrations: Sequence[Migration]) -> ProjectState:
        """Return the state after `migrations`, which are in the order of applying."""
        applied = [item for each in self.operations(migrations) for item in each]
        return applied[-1].after if applied else self.first

    def _after(self, before: ProjectState, app_label: str, operation: Operation) -> ProjectState:
        # Each run has new marks and RunPython objects, and neither changes the state.
        if isinstance(operation, (Mark, RunPython)):
            return before
        key = id(before), operation
        if key not in self._following:
            self._following[key] = _copy(before)
            operation.state_forwards(app_label, self._following[key])
        return self._following[key]

    def release(self, state: ProjectState) -> None:
        """Drop the built models of a state if there are many states, to save memory."""
        if len(self._following) > MOST_KEPT:
            vars(state).pop("apps", None)


def _copy(state: ProjectState) -> ProjectState:
    """Return a copy of `state` without its built models, which Django would change one by one.

    Copy the fields as well, since RenameField changes the foreign keys of a state in place.
    """
    models = {name: model.clone() for name, model in state.models.items()}
    for model in models.values():
        model.fields = deepcopy(model.fields)
    return ProjectState(models, state.real_apps)
