"""The links above each page, and its heading."""

from typing import Any

from django import template
from django.db.models import Model
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst

from config.admin.columns import url_of
from config.admin.related_records import list_url

register = template.Library()
FILTERS = "_changelist_filters"
"""Django's parameter with the query string of the list from which the page was opened."""
HEADINGS = {"delete": "Delete", "history": "History"}


@register.inclusion_tag("config_admin/breadcrumb.html", takes_context=True)
def breadcrumb(context: template.RequestContext) -> dict[str, Any]:
    """Return the heading, and links to the pages above the current page with the list's filters.

    Unfold's links lose the filters, and its heading does not name the page.
    """
    opts, row = context.get("opts"), context.get("original") or context.get("object")
    if opts is None:
        return {"links": [], "heading": context.get("title")}
    kept = context.request.GET.get(FILTERS, "")
    links = [
        (reverse("admin:app_list", args=[opts.app_label]), opts.app_config.verbose_name),
        (_with(list_url(opts.model), kept), capfirst(opts.verbose_name_plural)),
    ]
    if "cl" in context:
        return {"links": links[:1], "heading": links[1][1]}
    match: Any = context.request.resolver_match
    page = match.url_name.removeprefix(f"{opts.app_label}_{opts.model_name}_")
    if not isinstance(row, Model):
        return {"links": links, "heading": context.get("title")}
    if page == "change":
        return {"links": links, "heading": row}
    links.append((_with(url_of(row), urlencode({FILTERS: kept}) if kept else ""), str(row)))
    return {"links": links, "heading": HEADINGS.get(page, context.get("title"))}


def _with(address: str, query: str) -> str:
    return f"{address}?{query}" if query else address
