"""JSON documents whose numbers keep all digits."""

import json
import re
from decimal import Decimal
from typing import Any

from django.db import models

LONGEST_INT = 4_000  # digits. By default, int() refuses more than 4300.
NUMBER = re.compile(r'"\\u0000(-?[\d.]+)"')


class JSONEncoder(json.JSONEncoder):
    """An encoder that writes decimals as numbers, with all digits.

    The json module cannot do this. So default() marks a decimal as a string that begins with NUL,
    and encode() removes its quotes and NUL. Other strings have no NUL, because jsonb refuses NUL.
    """

    def default(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            return f"\0{value:f}"
        return super().default(value)

    def encode(self, value: Any) -> str:
        return NUMBER.sub(r"\1", super().encode(value))


class JSONDecoder(json.JSONDecoder):
    """A decoder that reads fractions, and integers that are too long for Python, as decimals."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("parse_float", Decimal)
        options.setdefault("parse_int", _integer)
        super().__init__(**options)


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= LONGEST_INT else Decimal(digits)


def json_text(document: Any, *, indent: int | None = None, sort_keys: bool = False) -> str:
    """Return `document` as text, with all digits of its numbers."""
    return json.dumps(
        document, cls=JSONEncoder, indent=indent, sort_keys=sort_keys, ensure_ascii=False
    )


class JSONField(models.JSONField):
    """A jsonb column. Fractions are decimals, because floats lose digits and final zeros."""

    empty_values = (None,)  # an empty string, list or object is valid without `blank`

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"encoder": JSONEncoder, "decoder": JSONDecoder} | options)

    def deconstruct(self) -> Any:
        """Return Django's field, because migrations need only the type of the column."""
        name, _, args, options = super().deconstruct()
        del options["encoder"], options["decoder"]
        return name, "django.db.models.JSONField", args, options

    def value_to_string(self, obj: models.Model) -> Any:
        """Return the document with floats, because `dumpdata` writes decimals as strings."""
        return json.loads(json_text(super().value_to_string(obj)))
