"""What a change form showed: the values with which an edit and the database are compared.

One hidden input of the page has, by row, the caption and the columns as text. It is signed, so that
reading it cannot fail in other ways than `UnreadableError`.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import models

INPUT = "_shown"
SALT = "config.admin.shown"

type Texts = dict[str, str | None]


class ShownRow(NamedTuple):
    """A row as a form showed it: its name, and its columns as text."""

    caption: str = ""
    texts: Texts = {}  # noqa: RUF012


type ShownPage = Mapping[str, ShownRow]


class UnreadableError(Exception):
    """The hidden input was changed, or signed with another SECRET_KEY."""


def sealed(rows: Iterable[tuple[models.Model, Texts]]) -> str:
    """Return the value of the hidden input for these rows with the columns that a form shows."""
    page = {key_of(row): ShownRow(str(row), texts) for row, texts in rows}
    return signing.dumps(page, salt=SALT, compress=True)


def opened(data: Mapping[str, Any]) -> ShownPage:
    """Return the rows that the form had shown before it sent `data`; none if it does not say."""
    if not (value := data.get(INPUT)):
        return {}
    try:
        page = signing.loads(value, salt=SALT)
    except signing.BadSignature as error:
        raise UnreadableError from error
    return {key: ShownRow(*row) for key, row in page.items()}


def key_of(row: models.Model) -> str:
    return f"{row._meta.label_lower} {row.pk}"


def as_text(field: Any, row: models.Model) -> str | None:
    """Return the column of `row` as text, so that equal texts are equal values."""
    value = field.value_from_object(row)
    if value is None:
        return None
    if isinstance(field, models.JSONField):
        return json.dumps(value, cls=field.encoder)
    return str(field.value_to_string(row))


def from_text(field: Any, text: str | None) -> Any:
    """Return the value of which `as_text` returned `text`.

    Return None if `field` has another type since, because a new version was deployed.
    """
    if text is None:
        return None
    try:
        if isinstance(field, models.JSONField):
            return json.loads(text, cls=field.decoder)
        return field.to_python(text)
    except (ValidationError, ValueError):
        return None
