"""Views of the dashboard and the Schema page. `urls` admits only administrators."""

from functools import cache
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from config.admin import icon, list_url, row_counts, warn_of_ignored
from config.admin_pages.dashboard import read_plots
from config.admin_pages.diagram import Detail, Diagram, draw, focus
from config.admin_pages.diagram_form import DiagramForm
from config.admin_pages.verdict import compare_now, last_verdict
from config.drift import explain_failure, read_transaction
from config.postgres.catalog import (
    Catalog,
    CatalogError,
    DiskUsage,
    read_catalog,
    read_disk_usage,
)
from config.replica import reads_replica, replica_notice
from config.schema_docs import describe_domains, sketch


def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the plots and, below them, links to all tables."""
    warn_of_ignored(request)
    context: dict[str, Any] = {"plots": read_plots(), "domains": list_tables(request)}
    context["replica"] = replica_notice()  # last, because a failed read changes the notice
    page = admin.site.index(request, context)
    page.template_name = "admin_pages/index.html"
    return page


def schema(request: HttpRequest) -> HttpResponse:
    """Show the diagram and each live table. On POST, compare the tables with the models first."""
    verdict = compare_now() if request.method == "POST" else last_verdict()
    catalog, usage, problem = read_live_tables()
    form = DiagramForm(request.GET)
    form.full_clean()
    models = list(filter(admin.site.is_registered, apps.get_models()))
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Schema",
        "domains": describe_domains(catalog),
        "form": form,
        "diagram": diagram(form.detail, form.label),
        "sizes": usage,
        "pages": {model._meta.db_table: list_url(model) for model in models},
        "rows": {model._meta.db_table: number for model, number in row_counts(models).items()},
        "problem": problem,
        "verdict": verdict,
    }
    return render(request, "admin_pages/schema.html", context)


@cache  # models do not change while the process runs
def diagram(detail: Detail, domain: str) -> Diagram:
    """Return the diagram of `domain` and related tables, or of all domains if it is empty."""
    domains = describe_domains(sketch(connection))
    return draw(focus(domains, domain) if domain else domains, detail)


def read_live_tables() -> tuple[Catalog, dict[str, DiskUsage], str]:
    """Return the catalog and the disk usage, or the reason why they cannot be read."""
    try:
        with read_transaction(connection) as found:
            usage = read_disk_usage(connection, found)
            return read_catalog(connection, found.oid), usage, ""
    except (Error, CatalogError) as error:
        return {}, {}, explain_failure(error)


def list_tables(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the tables that the user may see, by domain, with their icons and numbers of rows."""
    domains = admin.site.get_app_list(request)
    tables = [table for domain in domains for table in domain["models"]]
    rows = reads_replica(row_counts)([table["model"] for table in tables])
    for table in tables:
        table |= {"icon": icon(table["model"]), "rows": rows.get(table["model"], "")}
    return domains
