"""How a value of a row is shown: labels, money, percentages, links. All of it is escaped."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import display_for_field, quote
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.postgres.enums import EnumField

type Column = Callable[[Any], Any]

EMPTY = "–"  # noqa: RUF001
GOOD, BUSY, WAITING, BAD, QUIET = (
    "bg-green-100 text-green-700 dark:bg-green-500/20 dark:text-green-400",
    "bg-blue-100 text-blue-700 dark:bg-blue-500/20 dark:text-blue-400",
    "bg-orange-100 text-orange-700 dark:bg-orange-500/20 dark:text-orange-400",
    "bg-red-100 text-red-700 dark:bg-red-500/20 dark:text-red-400",
    "bg-base-500/8 text-base-700 dark:bg-base-500/20 dark:text-base-200",
)
COLOURS = {
    GOOD: "published completed succeeded graded auto_graded active beginner easy",
    BUSY: "in_progress submitted under_review educator refunded intermediate medium high",
    WAITING: "pending pending_review revision_requested past_due advanced hard admin",
    BAD: "failed dropped unpaid urgent",
}
"""The labels of enum types by their colour; the others are grey."""
COLOUR_OF = {label: colour for colour, labels in COLOURS.items() for label in labels.split()}


def column(model: type[models.Model], name: str, money: dict[str, str], *, link: bool) -> Column:
    """A function for `list_display` or `readonly_fields` that shows the field `name`.

    `money` says where the currency of an amount is: `{"amount": "payment__currency"}`.
    """
    path = name.split("__")
    field: Any = _field(model, path)

    @admin.display(description=_heading(model, path), ordering=name)
    def show(row: Any) -> Any:
        holder = follow(row, path[:-1])
        value = getattr(holder, path[-1], None)
        if name in money and value is not None:
            return amount(value, follow(row, money[name].split("__")))
        return _shown(field, value, link=link)

    show.__name__ = name
    if _is_boolean(field):
        show.boolean = True  # type: ignore[attr-defined]
    return show


def follow(row: Any, path: list[str]) -> Any:
    """What `row.a.b.c` is; None if there is nothing on the way."""
    for name in path:
        row = getattr(row, name, None)
    return row


def _field(model: type[models.Model], path: list[str]) -> Any:
    for name in path[:-1]:
        model = model._meta.get_field(name).related_model  # type: ignore[assignment]
    return model._meta.get_field(path[-1])


def _heading(model: type[models.Model], path: list[str]) -> str:
    return str(_field(model, path).verbose_name)


def _is_boolean(field: Any) -> bool:
    return isinstance(getattr(field, "output_field", field), models.BooleanField)


def _shown(field: Any, value: Any, *, link: bool) -> Any:
    if _is_boolean(field):
        return value
    if value is None or value == "":
        return EMPTY
    if isinstance(field, models.ForeignKey):
        return link_to(value) if link else str(value)
    if isinstance(field, EnumField):
        return label(field, value)
    if isinstance(field, models.JSONField):
        return document(value)
    if isinstance(field, models.URLField):
        return web_link(value)
    if isinstance(field, models.DateTimeField):
        return moment(value)
    if field.name.endswith(("_percentage", "_rate")):
        return together(f"{number_format(value)} %")
    if field.name.endswith("_seconds"):
        return together(str(timedelta(seconds=value)))
    return display_for_field(value, field, EMPTY)


def amount(value: Decimal, currency: str) -> SafeString:
    """Money."""
    return together(f"{number_format(value, 2, force_grouping=True)} {currency}")


def moment(value: datetime) -> SafeString:
    """A time, in the zone of the viewer; which one that is, is told by pointing at it."""
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{}" class="whitespace-nowrap">{}</time>',
        value.isoformat(),
        date_format(local, "l, j F Y, H:i:s e"),
        date_format(local, "j M Y, H:i"),
    )


def together(text: str) -> SafeString:
    """Text that stays on one line."""
    return format_html('<span class="whitespace-nowrap">{}</span>', text)


def link_to(row: models.Model) -> SafeString:
    """A link to the page of `row`."""
    return format_html('<a href="{}" class="text-link">{}</a>', url_of(row), row)


def url_of(row: models.Model) -> str:
    """The page of `row` in the admin."""
    opts = row._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[quote(row.pk)])


def label(field: EnumField, value: str) -> SafeString:
    """The text for people, on the colour of the value."""
    return format_html(
        '<span class="inline-block font-semibold rounded-default text-[11px] uppercase '
        'whitespace-nowrap h-6 leading-6 px-2 {}">{}</span>',
        COLOUR_OF.get(value, QUIET),
        dict(field.flatchoices).get(value, value),
    )


def document(value: Any) -> SafeString:
    """JSON, as one reads it."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="json">{}</pre>', text)


def web_link(value: str) -> str:
    """A link, unless the address is of another kind: `javascript:` would be run."""
    if not value.startswith(("http://", "https://")):
        return value
    return format_html(
        '<a href="{}" class="text-link" rel="noopener noreferrer" target="_blank">{}</a>',
        value,
        value,
    )
