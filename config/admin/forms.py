"""Forms that find values that PostgreSQL would refuse, and explain them at the field."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from unfold.forms import PaginationInlineFormSet

from config.admin.search import is_value
from config.admin.violations import Violation, explain, violated


class ModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form that checks the constraints of its table."""

    refusal: ClassVar[Violation | None] = None
    """The constraint that PostgreSQL found violated when this form was saved."""

    def clean(self) -> dict[str, Any] | None:
        """Keep the microseconds of unchanged times, which the inputs do not show."""
        super().clean()
        for name in self.cleaned_data.keys() - set(self.changed_data):
            if isinstance(value := self.initial.get(name), datetime):
                self.cleaned_data[name] = value
        return self.cleaned_data

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
    """Label the inputs of a date and a time for screen readers."""
    parts = ("date", "time", "which of the two")
    for widget, part in zip(getattr(field.widget, "widgets", ()), parts, strict=False):
        widget.attrs.setdefault("aria-label", f"{field.label}: {part}")
    return field


class RecordSelect(AutocompleteSelect):
    """An input that finds a record by typing. It ignores values that are not keys."""

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        key = self.field.remote_field.get_related_field()
        return super().optgroups(name, [text for text in value if is_value(key, text)], attr)


class InlineFormSet(PaginationInlineFormSet):
    """One page of rows; an invalid page number in the URL means the first page."""

    def get_page_num(self) -> int:
        request: Any = self.request
        key = self.get_pagination_key()
        page = request.GET.get(key) or request.POST.get(key) or ""
        # Unfold accepts other signs as digits, and numbers of any length.
        return int(page) if page.isdecimal() and len(page) < 10 and int(page) else 1
