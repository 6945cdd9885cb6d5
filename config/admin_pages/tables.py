"""Links to the lists of all tables by domain, with numbers of rows, for the first page."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from config.admin import Model, estimates, icon


@dataclass(frozen=True)
class Entry:
    """A link to the list of a table."""

    title: str
    url: str
    icon: str
    rows: int | None
    """An estimate, or None before the first VACUUM or ANALYZE."""


def list_tables(request: HttpRequest) -> dict[str, list[Entry]]:
    """Return the tables that the user may see, by the name of their domain."""
    domains = {app["name"]: app["models"] for app in admin.site.get_app_list(request)}
    rows = estimates(found["model"] for models in domains.values() for found in models)
    return {name: [_entry(found, rows) for found in models] for name, models in domains.items()}


def _entry(found: dict[str, Any], rows: Counter[Model]) -> Entry:
    model = found["model"]
    return Entry(found["name"], found["admin_url"], icon(model), rows.get(model))
