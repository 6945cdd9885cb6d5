"""What the templates of these pages lack."""

import re
from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def of(values: Mapping[str, Any] | str, key: str) -> Any:
    """The value of `key`, or None."""
    return values.get(key) if isinstance(values, Mapping) else None


@register.filter
def thousands(number: int) -> str:
    """`1234567` -> `1,234,567`."""
    return f"{number:,}"


@register.filter
def code(comment: str) -> SafeString:
    """What stands between backquotes as code."""
    return mark_safe(re.sub("`(.+?)`", r"<code>\1</code>", escape(comment)))  # noqa: S308
