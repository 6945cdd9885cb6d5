"""A correction of Django's migration states."""

from copy import deepcopy

from django.db.migrations.state import ProjectState

_rename_field = ProjectState.rename_field


def rename_field(
    self: ProjectState, app_label: str, model_name: str, old_name: str, new_name: str
) -> None:
    """Rename a field in this state only.

    Django changes the foreign keys that refer to the field in place. Other states and operations
    share these foreign keys. These have the new name too early when `migrate` unapplies an
    operation, or runs an operation again after a wait for a lock.
    """
    for model in self.models.values():
        model.fields = deepcopy(model.fields)
    _rename_field(self, app_label, model_name, old_name, new_name)
