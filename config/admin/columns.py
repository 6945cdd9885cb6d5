"""Values of rows as HTML: labels, money, percentages, links. All text is escaped."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import display_for_field, quote
from django.db import models
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from config.admin.documents import indented
from config.admin.paths import field_at, value_at
from config.postgres import BLANK, FarTime, caption, local_time
from config.postgres.enums import EnumField

type DisplayFunction = Callable[[Any], Any]

EMPTY = "–"  # noqa: RUF001
YES_OR_NO = {True: "yes", False: "no"}
GOOD, BUSY, WAITING, BAD, QUIET = (
    "bg-green-100 text-green-700 dark:bg-green-500/20 dark:text-green-400",
    "bg-blue-100 text-blue-700 dark:bg-blue-500/20 dark:text-blue-400",
    "bg-orange-100 text-orange-700 dark:bg-orange-500/20 dark:text-orange-400",
    "bg-red-100 text-red-700 dark:bg-red-500/20 dark:text-red-400",
    "bg-base-500/8 text-base-700 dark:bg-base-500/20 dark:text-base-200",
)
COLOURS = {
    GOOD: "succeeded completed",
    BAD: "failed unpaid",
    BUSY: "active published in_progress submitted under_review educator intermediate medium high",
    WAITING: "pending pending_review revision_requested past_due admin advanced hard urgent",
}
"""The labels of enum types, by the colour in which they are shown.

Green marks success, red marks failure, blue marks work in progress, and orange marks work that
waits for an action. Levels (role, difficulty, priority) rise from grey through blue to orange. All
other labels are grey.
"""
COLOUR_OF = {label: colour for colour, labels in COLOURS.items() for label in labels.split()}


@cache
def display_function(
    model: type[models.Model], name: str, currency: str, *, link: bool
) -> DisplayFunction:
    """Return a function for `list_display` or `readonly_fields` that shows the field `name`.

    `currency` is the path to the currency of an amount, such as `payment__currency`, or empty.
    """
    field = field_at(model, name)

    @admin.display(description=str(field.verbose_name), ordering=name)
    def show(row: Any) -> Any:
        value = value_at(row, name)
        if currency and value is not None:
            return money(value, value_at(row, currency))
        return _shown(field, value, link=link)

    show.__name__ = name
    if _is(field, models.BooleanField):
        show.boolean = True  # type: ignore[attr-defined]
    if _is(field, models.IntegerField, models.DecimalField):
        show.formatting = "price"  # type: ignore[attr-defined]  # aligned to the right by unfold
    return show


def in_words(row: models.Model, name: str) -> Any:
    """Return the value of a field as the messages of a form show it."""
    value = display_function(type(row), name, "", link=False)(row)
    return YES_OR_NO[value] if isinstance(value, bool) else value


def _is(field: Any, *types: type[Any]) -> bool:
    return isinstance(getattr(field, "output_field", field), types)


def _shown(field: Any, value: Any, *, link: bool) -> Any:
    if _is(field, models.BooleanField):
        return value
    if value is None or value == "":
        return EMPTY
    if isinstance(value, str) and caption(value) == BLANK:
        return BLANK  # users cannot click a link without visible text
    if isinstance(field, models.ForeignKey):
        return link_to(value) if link else breakable(str(value))
    if isinstance(field, models.EmailField):
        return breakable(value)
    if isinstance(field, EnumField):
        return label(field, value)
    if isinstance(field, models.JSONField):
        return document(value)
    if isinstance(field, models.URLField):
        return web_link(value)
    if isinstance(field, models.DateTimeField):
        return moment(value)
    if field.name.endswith(("_percentage", "_rate")):
        return unbroken(f"{number_format(value)} %")
    if field.name.endswith("_seconds"):
        return unbroken(str(timedelta(seconds=value)))
    return display_for_field(value, field, EMPTY)


def breakable(text: str) -> SafeString:
    """Return `text` as HTML. A line may break before an @, so that e-mail addresses fit."""
    return SafeString(escape(text).replace("@", "<wbr>@"))


def money(value: Decimal, currency: str) -> SafeString:
    """Return an amount of money with its currency, on one line."""
    number = number_format(value, 2, force_grouping=True)
    return format_html(
        '<span class="whitespace-nowrap">{} <span class="currency">{}</span></span>',
        number,
        currency,
    )


def moment(value: datetime) -> SafeString:
    """Return a time in the current time zone; the tooltip names the zone."""
    if isinstance(value, FarTime):
        return unbroken(str(value))
    local = local_time(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value.isoformat(),
        date_format(local, "l, j F Y, H:i:s e"),
        date_format(local, "j M Y, H:i"),
    )


def unbroken(text: str) -> SafeString:
    """Return `text` as HTML that stays on one line."""
    return format_html('<span class="whitespace-nowrap">{}</span>', text)


def link_to(row: models.Model) -> SafeString:
    """Return a link to the page of `row`."""
    return format_html('<a href="{}" class="text-link">{}</a>', url_of(row), breakable(str(row)))


def url_of(row: models.Model) -> str:
    """Return the address of the page of `row` in the admin."""
    opts = row._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[quote(row.pk)])


def label(field: EnumField, value: str) -> SafeString:
    """Return the title of the label `value` on a background of its colour."""
    return format_html(
        '<span class="inline-block font-semibold rounded-default text-[11px] uppercase '
        'whitespace-nowrap h-6 leading-6 px-2 {}">{}</span>',
        COLOUR_OF.get(value, QUIET),
        dict(field.flatchoices).get(value, value),
    )


def document(value: Any) -> SafeString:
    """Return a JSON document, indented, with numbered lines."""
    lines = ((line,) for line in indented(value).split("\n"))
    return format_html(
        '<pre class="json">{}</pre>', format_html_join("\n", '<span class="line">{}</span>', lines)
    )


def web_link(value: str) -> str:
    """Return a link if `value` is a web address. A link to `javascript:...` runs code."""
    if not value.startswith(("http://", "https://")):
        return value
    return format_html(
        '<a href="{}" class="text-link" rel="noopener noreferrer" target="_blank">{}</a>',
        value,
        value,
    )
