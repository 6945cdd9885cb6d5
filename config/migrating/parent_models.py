"""The refusal to rename a model from which other models inherit.

Django keeps the old name in the bases of the child models, and cannot build their classes.
"""

from typing import Any

from django.core.management.base import CommandError
from django.db.migrations.operations import CreateModel, RenameModel

from config.postgres import Plan


def check_renamed_parents(plan: Plan, apps: Any) -> None:
    """Raise CommandError if `plan` renames a parent. `apps` has the models before the plan."""
    children = {
        parent._meta.label_lower: model._meta.label
        for model in apps.get_models()
        for parent in model._meta.parents
    }
    for migration, backwards in plan:
        for operation in () if backwards else migration.operations:
            app_label = migration.app_label
            if isinstance(operation, CreateModel):
                bases = [base for base in operation.bases or () if isinstance(base, str)]
                children |= {base.lower(): f"{app_label}.{operation.name}" for base in bases}
            elif isinstance(operation, RenameModel):
                child = children.get(f"{app_label}.{operation.old_name_lower}")
                if child:
                    raise _refusal(f"{app_label}.{operation.old_name}", operation.new_name, child)


def _refusal(old_name: str, new_name: str, child: str) -> CommandError:
    return CommandError(
        f"Cannot rename model {old_name} to {new_name}: {child} inherits from it, and Django's "
        "migrations cannot rename such a model. Nothing was changed. Keep the name and change "
        "verbose_name; or create a new model, move the rows, and delete the old one."
    )
