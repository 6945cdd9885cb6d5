"""The sidebar: the domains in their order, with their tables."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse_lazy

DOMAINS = (
    "users",
    "courses",
    "enrollments",
    "assessments",
    "communication",
    "notifications",
    "analytics",
    "payments",
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """What unfold makes the sidebar of."""
    pages = [
        {"title": "Dashboard", "icon": "dashboard", "link": reverse_lazy("admin:index")},
        {"title": "Schema", "icon": "schema", "link": reverse_lazy("admin_pages:schema")},
    ]
    return [{"items": pages}, *(_group(label) for label in DOMAINS)]


def _group(label: str) -> dict[str, Any]:
    app = apps.get_app_config(label)
    models = (model for model in app.get_models() if admin.site.is_registered(model))
    return {"title": app.verbose_name, "items": [_item(model) for model in models]}


def _item(model: Any) -> dict[str, Any]:
    opts = model._meta
    return {
        "title": str(opts.verbose_name_plural).capitalize(),
        "icon": admin.site.get_model_admin(model).icon,  # type: ignore[attr-defined]
        "link": reverse_lazy(f"admin:{opts.app_label}_{opts.model_name}_changelist"),
    }
