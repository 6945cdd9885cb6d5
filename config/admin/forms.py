"""Forms that save only edited values, and explain violated constraints at their fields."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import models
from django.db.models import Q
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.admin.columns import in_words
from config.admin.positions import is_position
from config.admin.search import is_value
from config.admin.shown_values import (
    ShownPage,
    as_text,
    key_of,
    shown_page,
    shown_row,
    values_of,
)
from config.admin.violations import Violation, violated, violation_of

VALUE = '<span class="other-value">{}</span>'
NOT_SHOWN = (
    "Nothing was saved, because the page did not send the value that it had shown here. The "
    "database has {now}. Save again to replace it with what you typed."
)
CHANGED_MEANWHILE = (
    "Nothing was saved, because another session changed this from {before} to {now} while the form "
    "was open. Save again to replace it with what you typed."
)


class BoundField(forms.BoundField):
    """An input with the typed value or, if it was not edited, with the current value of the row."""

    form: "ModelForm"

    def value(self) -> Any:
        if self.form.is_bound and self.name in self.form.untouched:
            return self.field.prepare_value(self.form.value_now(self.name))
        return super().value()


@dataclass(frozen=True)
class Allowed:
    """The records that may be chosen for a foreign key. A row may keep its present record."""

    condition: Q
    noun: str
    """The description of these records, with an article."""


class ModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form that saves only the values that were edited, and checks the table's constraints.

    A value counts as edited if it differs both from the value that the page had shown and from the
    value in the database. Other columns are not written, and errors in them are ignored. If another
    session has changed an edited column since the page was shown, nothing is saved.
    """

    bound_field_class = BoundField
    allowed: ClassVar[Mapping[str, Allowed]] = {}
    refusal: ClassVar[Violation | None] = None
    """The reason why the first attempt to save this form failed, if any."""

    def __init__(self, *args: Any, shown: ShownPage | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = copy(self.instance)
        """The row as it is in the database. `instance` gets the values of the form."""
        self.texts = {name: as_text(field, self.row) for name, field in self._columns().items()}
        """The columns of an existing row that the form can change, as text."""
        self.changed_elsewhere: list[str] = []
        """The columns that were changed in the database while the form was open."""
        self.was_shown = True
        """True if the form was sent with the values that the page had shown for the row."""
        self._values_now = dict(self.initial)
        if self.is_bound and self.texts:
            self._compare_with(shown_page(self.data) if shown is None else shown)

    def _columns(self) -> dict[str, Any]:
        if self.instance._state.adding:
            return {}
        return {
            field.name: field
            for field in self.instance._meta.concrete_fields
            if field.name in self.fields and not self.fields[field.name].disabled
        }

    def _compare_with(self, page: ShownPage) -> None:
        """Find columns that were changed elsewhere. Set their initial values to those of `page`."""
        self.was_shown = key_of(self.row) in page
        for name, text in shown_row(page, self.row).texts.items():
            if name in self.texts and text != self.texts[name]:
                self.changed_elsewhere.append(name)
                self.initial.update(values_of(type(self.row), {name: text}))

    @cached_property
    def changed_data(self) -> list[str]:
        """The fields whose values were edited."""
        return [name for name in super().changed_data if self._is_edited(name)]

    @property
    def untouched(self) -> set[str]:
        """The columns that the form leaves as they are."""
        return self.texts.keys() - set(self.changed_data)

    def _is_edited(self, name: str) -> bool:
        unedited = [self[name].initial]
        if name in self.texts:
            widget, html_name = self.fields[name].widget, self.add_prefix(name)
            if widget.value_omitted_from_data(self.data, self.files, html_name):
                return False
            unedited.append(self.value_now(name))
        return not any(self._is_same(name, value) for value in unedited)

    def _is_same(self, name: str, value: Any) -> bool:
        """Return whether the value sent for `name` equals `value` as a browser sends it back."""
        sent, field = self[name].data, self.fields[name]
        shown = field.prepare_value(value)
        if isinstance(sent, str) and isinstance(shown, str):
            sent = as_sent(sent, field.widget)
            if sent == as_sent(shown, field.widget):
                return True
        return not field.has_changed(value, sent)

    def value_now(self, name: str) -> Any:
        """Return the value in the database, without microseconds if the input does not show any."""
        value = self._values_now.get(name)
        if isinstance(value, datetime) and not self.fields[name].widget.supports_microseconds:
            return value.replace(microsecond=0)
        return value

    def clean(self) -> dict[str, Any] | None:
        """Take untouched columns from the row. Refuse to overwrite changes by other sessions."""
        super().clean()
        for name in self.untouched:
            self.errors.pop(name, None)
            self.cleaned_data[name] = getattr(self.row, name)
        for name in self.changed_data:
            if isinstance(text := self.cleaned_data.get(name), str):
                # Browsers send each line break as CR LF.
                self.cleaned_data[name] = text.replace("\r\n", "\n")
            if name in self.changed_elsewhere:
                self.add_error(name, self._conflict(name))
            elif name in self.texts and not self.was_shown:
                self.add_error(name, format_html(NOT_SHOWN, now=other_value(self.row, name)))
        for name in self.allowed.keys() & self.cleaned_data.keys() & set(self.changed_data):
            self._check_allowed(name, self.cleaned_data[name])
        return self.cleaned_data

    def _check_allowed(self, name: str, record: Any) -> None:
        if record is None:
            return
        allowed, rows = self.allowed[name], type(record)._base_manager
        if not rows.filter(allowed.condition, pk=record.pk).exists():
            self.add_error(name, f"{record} is not {allowed.noun}. Choose {allowed.noun}.")

    def _conflict(self, name: str) -> SafeString:
        """Return the error for an edited column that another session has changed as well."""
        before, now = (other_value(row, name) for row in (self.row_shown, self.row))
        return format_html(CHANGED_MEANWHILE, before=before, now=now)

    @cached_property
    def row_shown(self) -> models.Model:
        """The row as the page had shown it."""
        row: models.Model = copy(self.row)
        for name in self.changed_elsewhere:
            field: Any = row._meta.get_field(name)
            setattr(row, field.attname, self.initial[name])
        return row

    def save_changes(self) -> None:
        """Write the edited columns, and the time of the change."""
        if names := [name for name in self.changed_data if name in self.texts]:
            fields = self.instance._meta.concrete_fields
            names += [field.name for field in fields if getattr(field, "auto_now", False)]
            self.instance.save(update_fields=names)

    def validate_constraints(self) -> None:
        """Check all constraints, except constraints on fields that already have an error."""
        for constraint in violated(self.instance, self.constraints(), set(self.errors)):
            self._blame(violation_of(constraint, type(self.instance), self.instance))
        if self.refusal:
            self._blame(self.refusal)

    def constraints(self) -> Sequence[models.BaseConstraint]:
        """Return the constraints that this form checks."""
        return list(self.instance._meta.constraints)

    def _blame(self, violation: Violation) -> None:
        field = violation.field if violation.field in self.fields else None
        if field not in self.errors:
            self.add_error(field, violation.message)


class InlineForm(ModelForm):
    """A form of an inline. The formset checks the positions of all its rows together."""

    def constraints(self) -> Sequence[models.BaseConstraint]:
        return [item for item in super().constraints() if not is_position(item)]


def other_value(row: models.Model, name: str) -> SafeString:
    """Return a value of `row` in the markup of messages."""
    return format_html(VALUE, in_words(row, name))


def as_sent(text: str, widget: forms.Widget) -> str:
    """Return `text` as a browser sends it back from an input with this widget."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(widget, forms.Textarea):
        return text.lstrip("\n")  # HTML ignores a line break at the beginning
    text = text.replace("\n", "")
    return text if getattr(widget, "input_type", "") == "text" else text.strip()


def name_inputs(field: forms.Field) -> forms.Field:
    """Label the inputs of a date and a time for screen readers."""
    parts = ("date", "time", "which of the two")
    for widget, part in zip(getattr(field.widget, "widgets", ()), parts, strict=False):
        widget.attrs.setdefault("aria-label", f"{field.label}: {part}")
    return field


class RecordSelect(AutocompleteSelect):
    """An autocomplete input that ignores values that cannot be keys."""

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        key = self.field.remote_field.get_related_field()
        return super().optgroups(name, [text for text in value if is_value(key, text)], attr)
