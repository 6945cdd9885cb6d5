"""The form field for JSON documents.

It keeps all digits of numbers, and explains which values PostgreSQL refuses.
"""

import json
import re
from decimal import Decimal, InvalidOperation
from itertools import accumulate
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from config.postgres import JSONDecoder, json_text

WHOLE_DIGITS, FRACTION_DIGITS = 131_072, 16_383
"""The maximum numbers of digits before and after the decimal point in PostgreSQL's numeric."""
DEEPEST = 1_000
DEEPEST_INDENTED = 100

TOO_LONG = (
    f"PostgreSQL cannot store a number with more than {WHOLE_DIGITS:,} digits before the decimal "
    f"point or {FRACTION_DIGITS:,} after it. Shorten it, or write it as a string."
)
TOO_DEEP = f"The document is nested more than {DEEPEST:,} levels deep. Flatten it."
NUL = r"PostgreSQL cannot store the character \u0000. Remove it."
HALF_PAIR = (
    r"A string has one half of a surrogate pair, such as \ud83d. Remove it, or add the other half."
)
NOT_A_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[^][{}]')


class Typed(str):
    """Text that the browser sent."""

    __slots__ = ()


class TypedDecoder(JSONDecoder):
    """A decoder that refuses numbers that PostgreSQL cannot store, and keys that occur twice."""

    def __init__(self) -> None:
        super().__init__(
            parse_float=_number,
            parse_int=_integer,
            parse_constant=_no_number,
            object_pairs_hook=_object,
        )


def _number(digits: str) -> Decimal:
    try:
        number = Decimal(digits)
    except InvalidOperation as error:
        raise ValidationError(TOO_LONG) from error
    exponent = number.as_tuple().exponent
    if number.adjusted() >= WHOLE_DIGITS or -int(exponent) > FRACTION_DIGITS:
        raise ValidationError(TOO_LONG)
    return number


def _integer(digits: str) -> int | Decimal:
    number = _number(digits)
    # json cannot write an int of more than 4300 digits.
    return int(number) if number.adjusted() < 1_000 else number


def _no_number(name: str) -> None:
    raise ValidationError(f"{name} is not a number in JSON. Write null, or a string in quotes.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        if key in members:
            raise ValidationError(f"The key “{key[:60]}” occurs twice in an object. Keep one.")
        members[key] = value
    return members


class JSONFormField(forms.JSONField):
    """An input with an indented JSON document."""

    empty_values = (None,)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Return attributes that select a fixed-width font and switch off the spelling check."""
        classes = [widget.attrs.get("class", ""), "json"]
        return {"class": " ".join(filter(None, classes)), "spellcheck": "false"}

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str) or self.disabled:
            return value
        return _parsed(value) if value.strip() else None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the typed document differs from `initial`. 1.10 differs from 1.1."""
        if self.disabled or _normalized(data) == _normalized(self.prepare_value(initial)):
            return False
        try:
            document = self.to_python(data)
        except ValidationError:
            return True
        return json_text(initial, sort_keys=True) != json_text(document, sort_keys=True)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Typed):
            return value
        return "" if value is None else indented(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return the text as it was typed, even if it is not JSON."""
        return initial if self.disabled else Typed(data or "")


def indented(document: Any) -> str:
    """Return the document as text, indented if it is not nested too deeply."""
    text = json_text(document)
    return text if depth(text) > DEEPEST_INDENTED else json_text(document, indent=2)


def depth(text: str) -> int:
    """Return how deep the JSON text is nested."""
    brackets = NOT_A_BRACKET.sub("", text)
    return max(accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0)


def _parsed(text: str) -> Any:
    if r"\u0000" in text.replace(r"\\", ""):  # after an escaped backslash, u0000 is plain text
        raise ValidationError(NUL)
    if depth(text) > DEEPEST:
        raise ValidationError(TOO_DEEP)
    try:
        document = json.loads(text, cls=TypedDecoder)
        json_text(document).encode()
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValidationError(f"This is not JSON: {error.msg} ({where}).") from error
    except UnicodeEncodeError as error:
        raise ValidationError(HALF_PAIR) from error
    return document


def _normalized(text: str | None) -> str:
    """Return the text with plain line breaks, and without white space around it."""
    return (text or "").replace("\r\n", "\n").strip()
