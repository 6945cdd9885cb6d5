"""The deletion of the content types of removed models. Django keeps these rows."""

from collections.abc import Collection
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.apps import apps as live_apps
from django.apps.registry import Apps
from django.db.migrations import RenameModel
from django.db.models import Q

from config.postgres import Plan

type ModelKey = tuple[str, str]
"""The app label and the lower-case model name, as in a content type."""


class RenamedBack(NamedTuple):
    """A model that gets its old name back."""

    new: ModelKey
    old: ModelKey


def model_keys(apps: Apps) -> set[ModelKey]:
    return {(model._meta.app_label, model._meta.model_name or "") for model in apps.get_models()}


def renamed_back(plan: Plan) -> list[RenamedBack]:
    """Return the models that get their old names back, in the order of `plan`."""
    return [
        RenamedBack(
            (migration.app_label, operation.new_name_lower),
            (migration.app_label, operation.old_name_lower),
        )
        for migration, backwards in plan
        for operation in reversed(migration.operations)
        if backwards and isinstance(operation, RenameModel)
    ]


def removed_models(before: Apps, plan: Plan, after: Apps) -> set[ModelKey]:
    """Return the models that exist before or during `plan`, but not after it."""
    during = {model.old for model in renamed_back(plan)}
    return (model_keys(before) | during) - model_keys(after)


def stale_content_types(removed: Collection[ModelKey], apps: Any, using: str) -> Any:
    """Return a queryset of the content types of `removed` models, or None without contenttypes.

    `apps` has the models that stay.
    """
    try:
        content_types = apps.get_model("contenttypes", "ContentType").objects.using(using)
    except LookupError:  # contenttypes itself has been unapplied
        return None
    named = [Q(app_label=app_label, model=model) for app_label, model in removed]
    return content_types.filter(reduce(or_, named, Q(pk__in=[])))


def forget_models(removed: Collection[ModelKey], apps: Any, using: str) -> None:
    """Delete the content types and permissions of `removed` models.

    `apps` has the models that stay.
    """
    stale = stale_content_types(removed, apps, using)
    if stale is not None:
        stale.delete()
        live_apps.get_model("contenttypes", "ContentType").objects.clear_cache()
