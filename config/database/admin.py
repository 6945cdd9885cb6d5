"""What the admin of every table has in common: database defaults, constraints, enum filters."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, ProgrammingError, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from config.database.fields import EnumField
from config.database.functions import Now


class ModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """Says what PostgreSQL would say, before it has to."""

    def clean(self) -> dict[str, Any] | None:
        """Keep the microseconds of times that nobody touched; the inputs do not show them."""
        super().clean()
        for name in self.cleaned_data.keys() - set(self.changed_data):
            if isinstance(value := self.initial.get(name), datetime):
                self.cleaned_data[name] = value
        return self.cleaned_data

    def validate_constraints(self) -> None:
        """Look also at constraints on columns that are not on the form."""
        try:
            self.instance.validate_constraints(exclude=set(self.errors))
        except ValidationError as error:
            self.add_error(None, error)


class ModelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Leaves to the database what is the database's: ids, times, defaults, generated columns."""

    form = ModelForm
    show_full_result_count = False  # it would count the table once more for each list

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """Show the column's comment, and its default in a fresh form."""
        kwargs.setdefault("help_text", db_field.help_text or db_field.db_comment or "")
        if isinstance(db_field.db_default, Now):
            kwargs.setdefault("initial", timezone.now)
        elif db_field.has_db_default():
            kwargs.setdefault("initial", db_field.db_default)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Of a row that exists, also what is never typed in. Another key would be another row."""
        fields = list(super().get_readonly_fields(request, obj))
        if obj is not None:
            columns = self.opts.concrete_fields
            fields += [field.name for field in columns if field.primary_key or not field.editable]
        return fields

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """In a fresh form nothing read-only: there is no row to read it from."""
        readonly = () if obj else self.get_readonly_fields(request)
        return [field for field in super().get_fields(request, obj) if field not in readonly]

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Search without NUL, which no text in PostgreSQL has and autocompletion lets through."""
        return super().get_search_results(request, queryset, search_term.replace("\x00", ""))

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Treat a value in the URL that only the query finds wrong as any other wrong one."""
        try:
            return super().get_changelist_instance(request)
        except (DataError, ProgrammingError, ValueError, OverflowError) as error:
            raise IncorrectLookupParameters from error

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Say what PostgreSQL refused although the form was valid.

        Somebody else was faster, or a JSON document holds what jsonb does not take.
        """
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (DataError, IntegrityError) as error:
            reason = str(error).splitlines()[0]
            self.message_user(request, f"Not saved: {reason}.", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


class EnumFieldListFilter(admin.ChoicesFieldListFilter):
    """Filters by labels; a label in the URL that does not exist finds nothing."""

    def expected_parameters(self) -> list[str | None]:
        """Also those that nobody clicks on but that people write: `?role=x`, `?role__in=x,y`."""
        return [*super().expected_parameters(), self.field_path, f"{self.field_path}__in"]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> models.QuerySet[Any] | None:
        for lookup, values in self.used_parameters.items():
            if lookup != self.lookup_kwarg_isnull and not self._are_labels(values):
                return queryset.none()
        return super().queryset(request, queryset)

    def _are_labels(self, values: Any) -> bool:
        labels = {label for label, _ in self.field.flatchoices}
        return all(
            labels.issuperset(value if isinstance(value, list) else [value]) for value in values
        )


admin.FieldListFilter.register(
    lambda field: isinstance(field, EnumField), EnumFieldListFilter, take_priority=True
)
