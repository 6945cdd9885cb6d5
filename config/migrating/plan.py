"""Going back: a plan of migrations to unapply, and what Django leaves behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps as live_apps
from django.apps.registry import Apps
from django.core.management.base import CommandError
from django.db.migrations import RenameModel

from config.postgres import Plan

type ModelKey = tuple[str, str]
"""App label and model name, as content types have them."""


def is_one_transaction(plan: Plan) -> bool:
    """Whether all of `plan` goes back, and nothing in it must run outside of a transaction."""
    return bool(plan) and all(backwards and migration.atomic for migration, backwards in plan)


@contextmanager
def all_undone() -> Iterator[None]:
    """Say that a refusal in the middle takes all of the transaction back."""
    try:
        yield
    except CommandError as error:
        raise CommandError(f"{error} What was shown as OK is undone.") from error


def model_keys(apps: Apps) -> set[ModelKey]:
    return {(model._meta.app_label, model._meta.model_name or "") for model in apps.get_models()}


def earlier_names(plan: Plan) -> set[ModelKey]:
    """The names that models get back as `plan` goes, perhaps before they go themselves."""
    return {
        (migration.app_label, operation.old_name_lower)
        for migration, backwards in plan
        for operation in migration.operations
        if backwards and isinstance(operation, RenameModel)
    }


def stale_content_types(gone: set[ModelKey], apps: Any, using: str) -> Any:
    """The content types of the models `gone`, as a queryset; None without contenttypes.

    `apps` has the models as they are, or will be, when the others are gone.
    """
    try:
        content_types = apps.get_model("contenttypes", "ContentType").objects.using(using)
    except LookupError:  # contenttypes itself has been unapplied
        return None
    labels = {app_label for app_label, _ in gone}
    stale = [
        content_type.pk
        for content_type in content_types.filter(app_label__in=labels)
        if (content_type.app_label, content_type.model) in gone
    ]
    return content_types.filter(pk__in=stale)


def forget_models(gone: set[ModelKey], apps: Any, using: str) -> None:
    """Delete the content types of the models `gone`, and with them their permissions.

    `apps` has the models as they are now. Django keeps both for ever, in case that other rows
    point at them; what they are about does not exist any more.
    """
    stale = stale_content_types(gone, apps, using)
    if stale is not None:
        stale.delete()
        live_apps.get_model("contenttypes", "ContentType").objects.clear_cache()
