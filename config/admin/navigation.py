"""The sidebar with all domains and their tables."""

from typing import Any

from django.apps import AppConfig
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from config.admin.related_records import icon, list_url
from config.project import own_apps


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar in the form that unfold expects."""
    pages = [
        {"title": "Dashboard", "icon": "dashboard", "link": reverse("admin:index")},
        {"title": "Schema", "icon": "schema", "link": reverse("admin_pages:schema")},
    ]
    groups = map(_group, own_apps())
    return [{"items": pages}, *(group for group in groups if group["items"])]


def _group(app: AppConfig) -> dict[str, Any]:
    items = [
        {
            "title": str(model._meta.verbose_name_plural).capitalize(),
            "icon": icon(model),
            "link": list_url(model),
        }
        for model in filter(admin.site.is_registered, app.get_models())
    ]
    return {"title": app.verbose_name, "items": items}
