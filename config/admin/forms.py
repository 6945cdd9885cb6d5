"""Forms that say what PostgreSQL would say, before it has to, at the field and in words."""

import json
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from unfold.forms import PaginationInlineFormSet

from config.admin.violations import Violation, explain, violated


class ModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form that knows the constraints of its table."""

    refusal: ClassVar[Violation | None] = None
    """What PostgreSQL said when this very form was saved."""

    def clean(self) -> dict[str, Any] | None:
        """Keep the microseconds of times that nobody touched; the inputs do not show them."""
        super().clean()
        for name in self.cleaned_data.keys() - set(self.changed_data):
            if isinstance(value := self.initial.get(name), datetime):
                self.cleaned_data[name] = value
        return self.cleaned_data

    def validate_constraints(self) -> None:
        """Look also at constraints on columns that are not on the form."""
        # A missing key or column is already said, and would break others as well.
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
    """Name the two inputs of a day and a time for those who do not see them."""
    for widget, part in zip(getattr(field.widget, "widgets", ()), ("date", "time"), strict=False):
        widget.attrs.setdefault("aria-label", f"{field.label}: {part}")
    return field


class JSONField(forms.JSONField):
    """A document on several lines, as one reads it."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Typed):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False, cls=self.encoder)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was typed in stays as it was typed."""
        return initial if self.disabled else Typed(data or "")


class Typed(str):
    """What came from the browser."""

    __slots__ = ()


class InlineFormSet(PaginationInlineFormSet):
    """A page of rows; a page that is none in the URL is the first one."""

    def get_page_num(self) -> int:
        request: Any = self.request
        key = self.get_pagination_key()
        page = request.GET.get(key) or request.POST.get(key) or ""
        # unfold takes other signs for digits, and any number of them.
        return int(page) if page.isdecimal() and len(page) < 10 and int(page) else 1
