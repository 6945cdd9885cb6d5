"""The tables by domain, each with its list and its number of rows, for the first page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from config.admin.related import icon
from config.admin_pages.sizes import Size


@dataclass(frozen=True)
class Entry:
    """A table, as a link."""

    title: str
    url: str
    icon: str
    rows: int
    """An estimate; -1: unknown."""


def list_tables(request: HttpRequest, sizes: Mapping[str, Size]) -> dict[str, list[Entry]]:
    """What the viewer may see, by the name of its domain."""
    return {
        app["name"]: [_entry(found, sizes) for found in app["models"]]
        for app in admin.site.get_app_list(request)
    }


def _entry(found: dict[str, Any], sizes: Mapping[str, Size]) -> Entry:
    model = found["model"]
    size = sizes.get(model._meta.db_table)
    return Entry(found["name"], found["admin_url"], icon(model), size.rows if size else -1)
