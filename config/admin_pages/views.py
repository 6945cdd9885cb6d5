"""The views of the dashboard and the Schema page, which `urls` protects as the admin does."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from config.admin_pages.dashboard import read_plots
from config.admin_pages.diagram import draw
from config.admin_pages.disk_usage import DiskUsage, read_disk_usage
from config.admin_pages.tables import list_tables
from config.admin_pages.verdict import compare_now, last_verdict
from config.drift import explain_failure, reading
from config.postgres.catalog import Catalog, CatalogError, read_catalog
from config.schema_docs import describe, sketch


def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the plots and, below them, links to all tables."""
    context = {"plots": read_plots(connection), "domains": list_tables(request)}
    return admin.site.index(request, context)


def schema(request: HttpRequest) -> HttpResponse:
    """Show the diagram and each live table. POST compares the tables with the models."""
    verdict = compare_now() if request.method == "POST" else last_verdict()
    catalog, sizes, problem = read_live()
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Schema",
        "domains": describe(catalog),
        "diagram": draw(describe(sketch(connection))),
        "sizes": sizes,
        "pages": dict(_lists()),
        "problem": problem,
        "verdict": verdict,
    }
    return render(request, "admin_pages/schema.html", context)


def _lists() -> Iterator[tuple[str, str]]:
    """Yield each table with the address of the list of its rows."""
    for model in filter(admin.site.is_registered, apps.get_models()):
        page = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        yield model._meta.db_table, reverse(page)


def read_live() -> tuple[Catalog, dict[str, DiskUsage], str]:
    """Return the catalog and the disk usage, or the reason why they cannot be read."""
    try:
        with reading(connection) as found:
            return read_catalog(connection, found.oid), read_disk_usage(connection, found), ""
    except (Error, CatalogError) as error:
        return {}, {}, explain_failure(error)
