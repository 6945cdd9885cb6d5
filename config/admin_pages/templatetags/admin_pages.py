"""Filters for the templates of the dashboard and the Schema page."""

import re
from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from config.admin import about
from config.console import counted_bytes

register = template.Library()
register.filter("size", counted_bytes)
register.filter("about", about)


@register.filter
def of(values: Mapping[str, Any] | str, key: str) -> Any:
    """Return the value of `key`, or None."""
    return values.get(key) if isinstance(values, Mapping) else None


@register.filter
def code(comment: str) -> SafeString:
    """Show text between backquotes as code."""
    return mark_safe(re.sub("`(.+?)`", r"<code>\1</code>", escape(comment)))  # noqa: S308
