"""Forms that find values that PostgreSQL would refuse, and explain them at the field."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import Q
from unfold.forms import PaginationInlineFormSet

from config.admin.search import is_value
from config.admin.violations import Violation, explain, violated

NO_JSONB = (
    "PostgreSQL cannot store this JSON: it contains NaN, Infinity, \\u0000, half of a surrogate "
    "pair, a number that is too long, or nesting that is too deep. Remove that part."
)
NUL = re.compile(r"(?<!\\)(\\\\)*\\u0000")


@dataclass(frozen=True)
class Allowed:
    """The records that a foreign key may refer to; a row keeps the record that it has."""

    condition: Q
    noun: str
    """The description of these records, with an article."""


class ModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form that checks the constraints of its table."""

    allowed: ClassVar[Mapping[str, Allowed]] = {}
    refusal: ClassVar[Violation | None] = None
    """The constraint that PostgreSQL found violated when this form was saved."""

    def clean(self) -> dict[str, Any] | None:
        """Keep the microseconds of unchanged times, which the inputs do not show."""
        super().clean()
        for name in self.cleaned_data.keys() - set(self.changed_data):
            if isinstance(value := self.initial.get(name), datetime):
                self.cleaned_data[name] = value
        for name in self.allowed.keys() & self.cleaned_data.keys() & set(self.changed_data):
            self._check_allowed(name, self.cleaned_data[name])
        return self.cleaned_data

    def _check_allowed(self, name: str, record: Any) -> None:
        allowed = self.allowed[name]
        if (
            record
            and not record._meta.model._base_manager.filter(
                allowed.condition, pk=record.pk
            ).exists()
        ):
            self.add_error(name, f"{record} is not {allowed.noun}. Choose {allowed.noun}.")

    def validate_constraints(self) -> None:
        """Check all constraints, including those on columns that are not on the form."""
        # Skip constraints on fields that already have an error, which would violate them, too.
        wrong = set(self.errors)
        for constraint in violated(self.instance, wrong):
            self._blame(explain(constraint, type(self.instance)))
        if self.refusal:
            self._blame(self.refusal)

    def _blame(self, violation: Violation) -> None:
        field = violation.field if violation.field in self.fields else None
        if field not in self.errors:
            self.add_error(field, violation.message)


def name_inputs(field: forms.Field) -> forms.Field:
    """Label the two inputs of a date and a time for screen readers."""
    for widget, part in zip(getattr(field.widget, "widgets", ()), ("date", "time"), strict=False):
        widget.attrs.setdefault("aria-label", f"{field.label}: {part}")
    return field


class JSONField(forms.JSONField):
    """An input with an indented JSON document."""

    def to_python(self, value: Any) -> Any:
        try:
            document = super().to_python(value)
            text = json.dumps(document, ensure_ascii=False, allow_nan=False)
            text.encode()
        except (RecursionError, ValueError) as error:
            raise ValidationError(NO_JSONB) from error
        if NUL.search(text):
            raise ValidationError(NO_JSONB)
        return document

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Typed):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False, cls=self.encoder)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return the text as it was typed, even if it is no JSON."""
        return initial if self.disabled else Typed(data or "")


class RecordSelect(AutocompleteSelect):
    """An input that finds a record by typing. It ignores values that are not keys."""

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        key = self.field.remote_field.get_related_field()
        return super().optgroups(name, [text for text in value if is_value(key, text)], attr)


class Typed(str):
    """Text that the browser sent."""

    __slots__ = ()


class InlineFormSet(PaginationInlineFormSet):
    """One page of rows; an invalid page number in the URL means the first page."""

    def get_page_num(self) -> int:
        request: Any = self.request
        key = self.get_pagination_key()
        page = request.GET.get(key) or request.POST.get(key) or ""
        # Unfold accepts other signs as digits, and numbers of any length.
        return int(page) if page.isdecimal() and len(page) < 10 and int(page) else 1
