"""The sidebar with all domains and their tables."""

from typing import Any

from django.apps import AppConfig
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse_lazy

from config.project import own_apps


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar in the form that unfold expects."""
    pages = [
        {"title": "Dashboard", "icon": "dashboard", "link": reverse_lazy("admin:index")},
        {"title": "Schema", "icon": "schema", "link": reverse_lazy("admin_pages:schema")},
    ]
    groups = map(_group, own_apps())
    return [{"items": pages}, *(group for group in groups if group["items"])]


def _group(app: AppConfig) -> dict[str, Any]:
    models = (model for model in app.get_models() if admin.site.is_registered(model))
    return {"title": app.verbose_name, "items": [_item(model) for model in models]}


def _item(model: Any) -> dict[str, Any]:
    opts = model._meta
    return {
        "title": str(opts.verbose_name_plural).capitalize(),
        "icon": admin.site.get_model_admin(model).icon,  # type: ignore[attr-defined]
        "link": reverse_lazy(f"admin:{opts.app_label}_{opts.model_name}_changelist"),
    }
