"""Filters of lists by label, by range of days or numbers, and by related record.

If a filter does not understand a value in the address, it reports a mistake, and finds no rows.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import capfirst
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    RangeDateFilter,
    RangeNumericFilter,
)
from unfold.contrib.filters.forms import AutocompleteDropdownForm
from unfold.widgets import INPUT_CLASSES

from config.admin.bounds import QuerySet
from config.admin.forms import RecordSelect
from config.admin.search import is_value
from config.admin.url_parameters import Mistake, quoted
from config.postgres.enums import EnumField

YES_OR_NO = ("1", "0", "True", "False")
LISTED_LABELS = 20


class CheckedFilter(admin.ListFilter):
    """The base of the filters, which checks the values in the address."""

    several = False
    """True if a parameter may have several values. A row with one of these values matches."""
    request: Any
    title: Any

    @cached_property
    def mistakes(self) -> list[Mistake]:
        """The values that the filter does not understand."""
        return [
            Mistake(name, f"{self.name_of(name)}: {problem}")
            for name in filter(None, self.expected_parameters())
            for value in self.request.GET.getlist(name)
            if (problem := self.problem(name, value))
        ]

    def name_of(self, parameter: str) -> str:
        """Return the name that the page gives to the input of the parameter."""
        return str(capfirst(self.title))

    def problem(self, name: str, value: str) -> str:
        """Return why a value of the parameter `name` is wrong, or an empty string."""
        known = YES_OR_NO if name.endswith("__isnull") else self.values()
        listed = " or ".join(known[:LISTED_LABELS])
        return "" if value in known else f"{quoted(value)} is not a choice; write {listed}."

    def values(self) -> Sequence[str]:
        """Return the values that the filter understands."""
        return YES_OR_NO

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
        return queryset.none() if self.mistakes else super().queryset(request, queryset)


class LinkFilter(CheckedFilter):
    """The base of filters with a link for each choice."""

    template = "config_admin/filter.html"
    look: ClassVar[dict[str, bool]] = {}
    """The options that the theme's template reads."""

    def kept(self) -> list[tuple[str, str]]:
        """Return this filter's parameters and values, for hidden inputs in the form of filters."""
        names = filter(None, self.expected_parameters())
        given = [(name, value) for name in names for value in self.request.GET.getlist(name)]
        return list(dict.fromkeys(given))


class EnumFilter(LinkFilter, admin.ChoicesFieldListFilter):
    """A filter by the labels of an enum type."""

    several = True

    def expected_parameters(self) -> list[str | None]:
        """Also accept `?role=x` and `?role__in=x,y`, which users type into the address."""
        return [*super().expected_parameters(), self.field_path, f"{self.field_path}__in"]

    def problem(self, name: str, value: str) -> str:
        """Return the first problem with a label. `__in` takes labels separated by commas."""
        parts = value.split(",") if name.endswith("__in") else [value]
        problems = (super(EnumFilter, self).problem(name, part) for part in parts)
        return next(filter(None, problems), "")

    def values(self) -> Sequence[str]:
        return [str(label) for label, _ in self.field.flatchoices]


# Use EnumFilter also in the admin classes of other packages.
admin.FieldListFilter.register(
    lambda field: isinstance(field, EnumField), EnumFilter, take_priority=True
)


class YesNoFilter(LinkFilter, admin.BooleanFieldListFilter):
    """A filter by yes or no."""

    look: ClassVar[dict[str, bool]] = {"horizontal": True}


class EmptyFilter(LinkFilter, admin.EmptyFieldListFilter):
    """A filter by whether a column is empty."""

    def values(self) -> Sequence[str]:
        return YES_OR_NO[:2]


class ChoiceFilter(LinkFilter, admin.SimpleListFilter):
    """The base of filters whose class lists the choices."""

    def values(self) -> Sequence[str]:
        return [str(value) for value, _ in self.lookup_choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Return all rows if nothing is chosen, and no rows for a mistake."""
        if self.value() is None:
            return queryset
        return queryset.none() if self.mistakes else self.filtered(queryset)

    def filtered(self, queryset: QuerySet) -> QuerySet:
        """Return the rows that match the choice."""
        raise NotImplementedError


class RangeFilter(CheckedFilter):
    """The base of filters by a range of days or numbers. A range includes both ends."""

    field_class: ClassVar[type[forms.Field]]
    attrs: ClassVar[dict[str, str]]
    kind = ""
    """The end of the message for a value that the filter does not understand."""
    field_path: str

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the form with the values as they were typed, including wrong values."""
        yield {"form": self.form}

    @cached_property
    def form(self) -> forms.Form:
        names = [f"{self.field_path}_{end}" for end in ("from", "to")]
        form = forms.Form({name: self._typed(name) for name in names})
        form.fields = {name: self._input(name) for name in names}
        return form

    def _typed(self, name: str) -> str:
        return next(filter(None, self.request.GET.getlist(name)), "")

    def _input(self, name: str) -> forms.Field:
        attrs = {
            "class": " ".join(INPUT_CLASSES),
            "placeholder": name.rpartition("_")[2].capitalize(),
            "aria-label": self.name_of(name),
        }
        # A number input of a browser does not show text that is not a number.
        widget = forms.TextInput(attrs | self.attrs)
        return self.field_class(label="", required=False, widget=widget)

    def name_of(self, parameter: str) -> str:
        return f"{super().name_of(parameter)} {parameter.rpartition('_')[2]}"

    def problem(self, name: str, value: str) -> str:
        return f"{quoted(value)} is not {self.kind}" if value and name in self.form.errors else ""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Return the rows in the range."""
        if not self.form.is_valid():
            return queryset.none()
        for name, value in self.form.cleaned_data.items():
            if value is not None:
                queryset = queryset.filter(self.bound(name.rpartition("_")[2], value))
        return queryset

    def bound(self, end: str, value: Any) -> models.Q:
        """Return the condition for one end of the range, `from` or `to`."""
        raise NotImplementedError


class DaysFilter(RangeFilter, RangeDateFilter):
    """A filter by a range of days in the current time zone."""

    field_class = forms.DateField
    attrs: ClassVar[dict[str, str]] = {"class": " ".join(["vDateField", *INPUT_CLASSES])}
    kind = "a date; write 2025-12-31."

    def bound(self, end: str, value: date) -> models.Q:
        """Include the whole last day. 9999-12-31 sets no limit, because Python has no later day."""
        if end == "from":
            return models.Q((f"{self.field_path}__gte", _midnight(value)))
        if value == date.max:
            return models.Q()
        return models.Q((f"{self.field_path}__lt", _midnight(value + timedelta(days=1))))


class NumbersFilter(RangeFilter, RangeNumericFilter):
    """A filter by a range of numbers."""

    field_class = forms.FloatField
    attrs: ClassVar[dict[str, str]] = {"inputmode": "decimal"}
    kind = "a number; write 12.5."

    def bound(self, end: str, value: float) -> models.Q:
        lookup = "gte" if end == "from" else "lte"
        return models.Q((f"{self.field_path}__{lookup}", value))


class FilterSelect(RecordSelect):
    """An autocomplete input that keeps a value that is not the key of a record."""

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        groups = super().optgroups(name, value, attr)
        options = groups[0][1]
        if value[0] and value[0] not in {str(option["value"]) for option in options}:
            options.append(self.create_option(name, value[0], value[0], True, len(options)))
        return groups


class RecordForm(AutocompleteDropdownForm):
    widget = FilterSelect


class RecordFilter(CheckedFilter, AutocompleteSelectFilter):  # type: ignore[misc]  # in unfold
    """A filter by a related record, which is chosen in an autocomplete input."""

    form_class = RecordForm
    field: Any

    def problem(self, name: str, value: str) -> str:
        if name != self.lookup_kwarg:
            return super().problem(name, value)
        if not value:
            return ""
        if not is_value(self.field.target_field, value):
            return f"{quoted(value)} is not an id. Choose a record in the filter."
        rows = self.field.related_model._base_manager.filter(pk=value)
        noun = self.field.related_model._meta.verbose_name
        return "" if rows.exists() else f"There is no {noun} with the id {value}."

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
        """Also accept `?user__isnull=True`, which users type into the address."""
        if self.lookup_kwarg_isnull in self.used_parameters and not self.value():
            self.used_parameters.pop(self.lookup_kwarg, None)
            filtered = admin.RelatedFieldListFilter.queryset(self, request, queryset)
            return queryset.none() if self.mistakes else filtered
        return super().queryset(request, queryset)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def filter_for(field: Any) -> Any:
    """Return an entry of `list_filter` with the filter for the type of `field`."""
    if field.is_relation:
        return (field.name, RecordFilter)
    if isinstance(field, models.DateTimeField):
        return (field.name, DaysFilter)
    if isinstance(field, (models.IntegerField, models.DecimalField)):
        return (field.name, NumbersFilter)
    if isinstance(field, models.BooleanField):
        return (field.name, YesNoFilter)
    return field.name
