"""The values that a page showed, to be compared with an edit and with the database.

A hidden input of the page has the caption and the columns of each row as text. The input is signed.
If the browser changed the input, it counts as missing.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import tzinfo
from hashlib import sha256
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

INPUT = "_shown"
SALT = "config.admin.shown_values"
ZONE = ""
"""The key of the entry with the time zone of the page."""
LONGEST = 100_000
"""The maximum length of a text in the input. A longer text is replaced by a digest."""

type Texts = dict[str, str | list[str] | None]


class ShownRow(NamedTuple):
    """A row as the page showed it: its name, and its columns as text."""

    caption: str = ""
    texts: Texts = {}  # noqa: RUF012


type ShownPage = Mapping[str, ShownRow]


def signed_values(rows: Iterable[tuple[models.Model, Texts]]) -> str:
    """Return the value of the hidden input for rows with their columns as text."""
    page = {key_of(row): ShownRow(str(row), texts) for row, texts in rows}
    page[ZONE] = ShownRow(timezone.get_current_timezone_name())
    return signing.dumps(page, salt=SALT, compress=True)


def shown_page(data: Mapping[str, Any]) -> ShownPage:
    """Return the rows in the hidden input of `data`, or no rows if the input is not valid."""
    try:
        page = signing.loads(data.get(INPUT, ""), salt=SALT)
    except signing.BadSignature:
        return {}
    return {key: ShownRow(*row) for key, row in page.items()}


def key_of(row: models.Model) -> str:
    return f"{row._meta.label_lower} {row.pk}"


def shown_row(page: ShownPage, row: models.Model) -> ShownRow:
    """Return `row` as the page showed it, or an empty row if the page did not show it."""
    return page.get(key_of(row), ShownRow())


def values_of(model: type[models.Model], texts: Texts) -> dict[str, Any]:
    """Return the values of columns from their texts, as initial values of a form."""
    return {name: from_text(model._meta.get_field(name), text) for name, text in texts.items()}


def shown_zone(data: Mapping[str, Any]) -> tzinfo:
    """Return the time zone of the page that sent `data` or, if it is unknown, the current zone."""
    try:
        return ZoneInfo(shown_page(data)[ZONE].caption)
    except (LookupError, ValueError):
        return timezone.get_current_timezone()


def as_text(field: Any, row: models.Model) -> str | list[str] | None:
    """Return the column of `row` as text. Equal texts mean equal values."""
    value = field.value_from_object(row)
    if value is None:
        return None
    is_json = isinstance(field, models.JSONField)
    text = json.dumps(value, cls=field.encoder) if is_json else str(field.value_to_string(row))
    return text if len(text) <= LONGEST else [sha256(text.encode()).hexdigest()]


def from_text(field: Any, text: str | list[str] | None) -> Any:
    """Return the value for which `as_text` returned `text`.

    Return None if `text` is a digest, or if the type of `field` has changed meanwhile.
    """
    if not isinstance(text, str):
        return None
    try:
        if isinstance(field, models.JSONField):
            return json.loads(text, cls=field.decoder)
        return field.to_python(text)
    except (ValidationError, ValueError):
        return None
