"""Filters of lists by label, by range of days or numbers, and by related record."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    RangeDateFilter,
    RangeNumericFilter,
)

from config.admin.bounds import QuerySet
from config.postgres.enums import EnumField


class EnumFilter(admin.ChoicesFieldListFilter):
    """A filter by labels. An unknown label in the URL finds no rows."""

    def expected_parameters(self) -> list[str | None]:
        """Add the parameters `?role=x` and `?role__in=x,y`, which are typed, not linked."""
        return [*super().expected_parameters(), self.field_path, f"{self.field_path}__in"]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
        for lookup, values in self.used_parameters.items():
            if lookup != self.lookup_kwarg_isnull and not self._are_labels(values):
                return queryset.none()
        return super().queryset(request, queryset)

    def _are_labels(self, values: Any) -> bool:
        labels = {label for label, _ in self.field.flatchoices}
        return all(
            labels.issuperset(value if isinstance(value, list) else [value]) for value in values
        )


# Also for admin classes that are not this project's.
admin.FieldListFilter.register(
    lambda field: isinstance(field, EnumField), EnumFilter, take_priority=True
)


class RangeFilter:
    """The base of filters by a range of days or numbers. A range includes both ends."""

    def queryset(self: Any, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Raise IncorrectLookupParameters if the form rejects a value."""
        form = next(self.choices(None))["form"]
        if not form.is_valid():
            raise IncorrectLookupParameters
        for end, value in form.cleaned_data.items():
            if value is not None:
                queryset = queryset.filter(self.bound(end.rpartition("_")[2], value))
        return queryset


class DaysFilter(RangeFilter, RangeDateFilter):
    """A filter by a range of days in the current time zone."""

    def bound(self, end: str, day: date) -> models.Q:
        """Return the condition for one end of the range; the last day lasts until midnight."""
        if end == "from":
            return models.Q((f"{self.field_path}__gte", _midnight(day)))
        if day == date.max:
            return models.Q()
        return models.Q((f"{self.field_path}__lt", _midnight(day + timedelta(days=1))))


class NumbersFilter(RangeFilter, RangeNumericFilter):
    """A filter by a range of numbers."""

    def bound(self, end: str, number: float) -> models.Q:
        lookup = "gte" if end == "from" else "lte"
        return models.Q((f"{self.field_path}__{lookup}", number))


class RecordFilter(AutocompleteSelectFilter):
    """A filter by a record that is found by typing, without a list of all records."""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
        """Accept also `?user__isnull=True`, which is typed, not linked."""
        if self.lookup_kwarg_isnull in self.used_parameters and not self.value():
            self.used_parameters.pop(self.lookup_kwarg, None)
            return admin.RelatedFieldListFilter.queryset(self, request, queryset)
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
    return field.name
