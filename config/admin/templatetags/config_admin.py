"""Filters for the templates of the admin."""

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse

register = template.Library()


@register.filter
def grouped(number: int) -> str:
    """A number with a comma between its thousands."""
    return f"{number:,}"


@register.simple_tag
def export_url(cl: Any, format_: str) -> str:
    """The address of the list as a file, with the filters and the search of the list.

    Empty for an admin that has no export.
    """
    name = f"admin:{cl.opts.app_label}_{cl.opts.model_name}_export"
    query: str = cl.get_query_string(remove=["p", "o", "e"])
    try:
        return reverse(name, args=[format_]) + query
    except NoReverseMatch:
        return ""
