"""A correction of the states that Django makes from migrations."""

from copy import deepcopy

from django.db.migrations.state import ProjectState

_rename_field = ProjectState.rename_field


def rename_field(
    self: ProjectState, app_label: str, model_name: str, old_name: str, new_name: str
) -> None:
    """Rename a field in this state only.

    Django also renames it in the foreign keys that refer to it, without copying them. Other states
    and operations share these foreign keys, and would have the new name too early when `migrate`
    unapplies the operations, or runs them a second time after waiting for a lock.
    """
    for model in self.models.values():
        model.fields = deepcopy(model.fields)
    _rename_field(self, app_label, model_name, old_name, new_name)
