"""Parameters of an address that a page does not understand, with advice for each."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import (
    IS_FACETS_VAR,
    IS_POPUP_VAR,
    SOURCE_MODEL_VAR,
    TO_FIELD_VAR,
)
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, PAGE_VAR
from django.core.exceptions import ValidationError
from django.forms.utils import from_current_timezone
from django.http import HttpRequest, QueryDict
from django.utils.text import capfirst

FORM_PARAMETERS = ("_changelist_filters", IS_POPUP_VAR, SOURCE_MODEL_VAR, TO_FIELD_VAR)
HISTORY_PARAMETERS = ("_changelist_filters", PAGE_VAR)
SHOWN = 60
"""The maximum number of characters of a value that a message repeats."""


@dataclass(frozen=True)
class Mistake:
    """A parameter that the page does not understand, and a sentence that says why."""

    parameter: str
    sentence: str
    instead: str = ""
    """A correct value, or empty if the parameter should be removed."""
    link: str = "Remove it"

    def mended(self, parameters: QueryDict) -> str:
        """Return the query string of `parameters` without this mistake."""
        query = parameters.copy()
        query.pop(self.parameter, None)
        if self.instead:
            query[self.parameter] = self.instead
        else:
            query.pop(PAGE_VAR, None)  # without the filter, the pages have other rows
        return f"?{query.urlencode()}"


def quoted(value: str) -> str:
    """Return `value` in quotes, shortened, and with invisible characters escaped."""
    return repr(value if len(value) <= SHOWN else f"{value[:SHOWN]}…")


def contradictions(parameters: QueryDict, several: set[str]) -> Iterator[Mistake]:
    """Yield a mistake for each parameter that has several values and is not in `several`."""
    for name, values in parameters.lists():
        different = list(dict.fromkeys(filter(None, values)))
        if len(different) > 1 and name not in several:
            given = " and ".join(map(quoted, different[:3]))
            yield Mistake(name, f"{name} is given with different values: {given}. Give one.")


def wrong_controls(parameters: QueryDict) -> Iterator[Mistake]:
    """Yield mistakes for Django's parameters that our lists lack, and for a wrong popup value."""
    for name in (ALL_VAR, IS_FACETS_VAR, SOURCE_MODEL_VAR):
        if name in parameters:
            yield Mistake(name, f"This list has no filter {quoted(name)}.")
    if ERROR_FLAG in parameters:
        yield Mistake(
            ERROR_FLAG, "The address before this one had a filter that is not understood."
        )
    if (popup := str(parameters.get(IS_POPUP_VAR, "1"))) != "1":
        text = f"{IS_POPUP_VAR}: {quoted(popup)} is not a choice; write 1."
        yield Mistake(IS_POPUP_VAR, text)


def no_page(typed: str, last: int) -> Iterator[Mistake]:
    """Yield a mistake if `typed` is not the number of a page from 1 to `last`."""
    if typed.isascii() and typed.isdecimal():
        # int() refuses very long numbers.
        if len(typed) > 9 or not 1 <= int(typed) <= last:
            pages = "1 page" if last == 1 else f"{last} pages"
            text = f"There is no page {typed[:SHOWN]}: the list has {pages}."
            yield Mistake(PAGE_VAR, text, str(last), f"Open page {last}, the last one")
    else:
        text = f"{quoted(typed)} is not a page; write a number from 1 to {last}."
        yield Mistake(PAGE_VAR, text, "1", "Open page 1")


def warn_of_ignored(request: HttpRequest, known: Container[str] = ()) -> None:
    """Warn on the page about parameters in the address that are not `known`."""
    if request.method == "GET":
        for name in request.GET:
            if name not in known:
                text = f"This page has no parameter {quoted(name)}, so it was ignored."
                messages.warning(request, text)


def understood(request: HttpRequest, initial: dict[str, Any], opts: Any) -> dict[str, Any]:
    """Return the initial values that their fields accept, and warn about wrong values."""
    columns = {field.name: field for field in opts.concrete_fields}
    values = dict(initial)
    for name, text in initial.items():
        if text and (column := columns.get(name)):
            try:
                values[name] = _value(column, text)
            except ValidationError:
                del values[name]
                title = capfirst(column.verbose_name)
                warning = f"{title}: {quoted(text)} is not a value of this field"
                messages.warning(request, f"{warning}, so it was ignored.")
    return values


def _value(column: Any, text: str) -> Any:
    """Return the value of `text` in the column. Times without a zone are in the viewer's zone."""
    value = column.clean(text, None)
    return from_current_timezone(value) if isinstance(value, datetime) else value


def warn_of_page(request: HttpRequest, parameter: str, number: int, rows: str) -> None:
    """Warn that page `number` of `rows` is shown if the address asks for another page."""
    typed = request.GET.get(parameter, str(number))
    if request.method == "GET" and typed != str(number):
        text = f"There is no page {quoted(typed)} of the {rows}, so this is page {number}."
        messages.warning(request, text)
