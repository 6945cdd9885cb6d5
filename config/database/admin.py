"""How the admin treats enum fields, in every ModelAdmin."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from config.database.fields import EnumField


class EnumFieldListFilter(admin.ChoicesFieldListFilter):
    """Filters by labels; a label in the URL that does not exist finds nothing."""

    def expected_parameters(self) -> list[str | None]:
        return [*super().expected_parameters(), self.field_path, f"{self.field_path}__in"]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for lookup, values in self.used_parameters.items():
            if lookup != self.lookup_kwarg_isnull and not self._are_labels(values):
                return queryset.none()
        return super().queryset(request, queryset)

    def _are_labels(self, values: Any) -> bool:
        return all(
            set(value if isinstance(value, list) else [value]) <= set(self.field.labels)
            for value in values
        )


admin.FieldListFilter.register(
    lambda field: isinstance(field, EnumField), EnumFieldListFilter, take_priority=True
)
