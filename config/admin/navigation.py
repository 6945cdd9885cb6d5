"""The sidebar with all apps and their tables."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from config.admin.related_records import icon


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar in the form that unfold expects."""
    pages = [
        {"title": "Dashboard", "icon": "dashboard", "link": reverse("admin:index")},
        {"title": "Schema", "icon": "schema", "link": reverse("admin_pages:schema")},
    ]
    return [{"items": pages}, *map(_group, admin.site.get_app_list(request))]


def _group(app: dict[str, Any]) -> dict[str, Any]:
    items = [
        {"title": table["name"], "icon": icon(table["model"]), "link": table["admin_url"]}
        for table in app["models"]
    ]
    return {"title": app["name"], "items": items}
