"""Inlines: forms of rows inside the form of their parent record."""

from typing import Any

from django import forms
from django.http import HttpRequest
from unfold import admin as unfold

from config.admin.bounds import QuerySet
from config.admin.form_options import FormOptions
from config.admin.forms import InlineForm
from config.admin.formsets import InlineFormSet
from config.admin.paths import select_names


class InlineOptions(FormOptions):
    """The base of the inlines, which show one page of rows at a time."""

    form = InlineForm
    formset = InlineFormSet
    extra = 0
    per_page = 10
    show_change_link = True

    class Media:
        js = ("config_admin/positions.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return select_names(super().get_queryset(request))


class StackedInline(InlineOptions, unfold.StackedInline):
    """An inline of collapsible forms, one below the other."""

    collapsible = True
    ordering_field: Any = None


class TabularInline(InlineOptions, unfold.TabularInline):
    """An inline that is shown as a table."""

    ordering_field: Any = None

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """Return an input with an ARIA label, since the column heading does not label it."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field:
            field.widget.attrs.setdefault("aria-label", field.label)
        return field
