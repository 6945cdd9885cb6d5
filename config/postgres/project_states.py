"""A project state that shares no fields with others."""

from copy import deepcopy

from django.db.migrations.state import ProjectState


class OwnFieldsState(ProjectState):
    """A state in which RenameField changes only this state.

    Django renames a field in place in the foreign keys that refer to it. They belong also to other
    states, and to the operations that add them, which would then use the new name too early.
    """

    @staticmethod
    def of(state: ProjectState) -> "OwnFieldsState":
        """Return a copy of `state`."""
        own = OwnFieldsState()
        vars(own).update(vars(ProjectState.clone(state)))
        return own

    def clone(self) -> "OwnFieldsState":
        return self.of(self)

    def rename_field(self, app_label: str, model_name: str, old_name: str, new_name: str) -> None:
        for model in self.models.values():
            model.fields = deepcopy(model.fields)
        super().rename_field(app_label, model_name, old_name, new_name)
