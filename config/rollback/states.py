"""The states of the models between the operations of a rollback.

To build the models of a state takes time, and a rollback needs each state twice: in its rehearsal,
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


class Change(NamedTuple):
    """An operation, and the states before and after it."""

    operation: Operation
    before: ProjectState
    after: ProjectState

    def undo(self, app_label: str, editor: BaseDatabaseSchemaEditor) -> None:
        """Undo the operation in the database of `editor`.

        Django's operations that rename swap their names meanwhile. If an error left them so, the
        next attempt would rename in the other direction.
        """
        kept = [(each, vars(each).copy()) for each in database_operations([self.operation])]
        try:
            self.operation.database_backwards(app_label, editor, self.after, self.before)
        except BaseException:
            for operation, attributes in kept:
                vars(operation).update(attributes)
            raise


class States:
    """The states that follow from the `first` one, which is that after the rollback."""

    def __init__(self, first: ProjectState) -> None:
        self.first = first
        self._following: dict[tuple[int, Operation], ProjectState] = {}

    def changes(self, migrations: Sequence[Migration]) -> list[list[Change]]:
        """Return the changes by each of `migrations`, which are in the order of applying."""
        state = self.first
        changes: list[list[Change]] = []
        for migration in migrations:
            changes.append([])
            for operation in migration.operations:
                before, state = state, self._after(state, migration.app_label, operation)
                changes[-1].append(Change(operation, before, state))
        return changes

    def last(self, migrations: Sequence[Migration]) -> ProjectState:
        """Return the state after `migrations`, which are in the order of applying."""
        changes = [change for each in self.changes(migrations) for change in each]
        return changes[-1].after if changes else self.first

    def _after(self, before: ProjectState, app_label: str, operation: Operation) -> ProjectState:
        if isinstance(operation, (Mark, RunPython)):  # others in each run, and no change
            return before
        key = id(before), operation
        if key not in self._following:
            self._following[key] = _copy(before)
            operation.state_forwards(app_label, self._following[key])
        return self._following[key]

    def release(self, state: ProjectState) -> None:
        """Release the models of a state, if those of all states would take much memory."""
        if len(self._following) > MOST_KEPT:
            vars(state).pop("apps", None)


def _copy(state: ProjectState) -> ProjectState:
    """Return a copy without the models, which Django would adapt one after the other.

    Its fields are copies as well, since RenameField changes the foreign keys of a state in place.
    """
    models = {name: model.clone() for name, model in state.models.items()}
    for model in models.values():
        model.fields = deepcopy(model.fields)
    return ProjectState(models, state.real_apps)
