"""Options of forms that admin pages and inlines share."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.validators import RegexValidator
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import capfirst

from config.admin.bounds import QuerySet
from config.admin.columns import DisplayFunction, display_function
from config.admin.documents import JSONFormField
from config.admin.forms import ModelForm, RecordSelect, name_inputs
from config.admin.suggested_values import OfferField
from config.admin.time_inputs import MomentField, MomentWidget
from config.postgres import Now

ONE_LINE = RegexValidator(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029]",
    "The text must be on one line. Remove line breaks and control characters.",
    inverse_match=True,
)


class FormOptions:
    """The base of ModelAdmin and of the inlines."""

    form: Any = ModelForm
    money: ClassVar[dict[str, str]] = {}
    """The path to the currency of each amount: `{"amount": "payment__currency"}`."""
    offers: ClassVar[dict[str, Callable[[], Mapping[str, str]]]] = {}
    """Functions that return the values to choose from and their titles, by field."""
    model: type[models.Model]
    opts: Any

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """Return an input with the column's default, and with the column's comment as help text."""
        comment = (db_field.db_comment or "").replace("NULL", "empty").replace("`", "")
        kwargs.setdefault("help_text", db_field.help_text or capfirst(comment))
        if isinstance(db_field.db_default, Now):
            kwargs.setdefault("initial", timezone.now)
        elif db_field.has_db_default():
            kwargs.setdefault("initial", db_field.db_default)
        if isinstance(db_field, models.JSONField):
            kwargs.setdefault("form_class", JSONFormField)
        if isinstance(db_field, models.DateTimeField):
            kwargs = {"form_class": MomentField, "widget": MomentWidget} | kwargs
        if offers := self.offers.get(db_field.name):
            kwargs |= {"form_class": OfferField, "widget": OfferField.widget, "offers": offers()}
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(db_field, models.CharField):
            field.validators.append(ONE_LINE)
        if field and db_field.is_relation:
            # Records are deleted on their own pages, which count all rows that are lost.
            field.widget.can_delete_related = False
        return name_inputs(field) if field else None

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return an autocomplete input."""
        kwargs.setdefault("widget", RecordSelect(db_field, admin.site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return an input that starts empty if the column has no default.

        Unfold's input starts with the first choice.
        """
        chosen = db_field.has_default() or "initial" in kwargs
        kwargs["choices"] = db_field.get_choices(include_blank=db_field.blank or not chosen)
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """Return all foreign keys, because a select box lists every row of the other table."""
        return [field.name for field in self.opts.concrete_fields if field.is_relation]

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> QuerySet:
        """Return the rows to choose from, joined with the records that their names need."""
        related = admin.site.get_model_admin(db_field.remote_field.model)
        return related.get_queryset(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return the functions that show the read-only fields of an existing row."""
        names = self.readonly_names(request, obj) if obj is not None else ()
        return [self.shown(name) for name in names]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return the fieldsets with each read-only name replaced by the function that shows it."""
        readonly = {name: self.shown(name) for name in self.readonly_names(request, obj)}
        return [
            (title, options | {"fields": [readonly.get(name, name) for name in options["fields"]]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Return the fields without an input, including all read-only fields."""
        return [*(super().get_exclude(request, obj) or ()), *self.readonly_names(request, obj)]

    def readonly_names(self, request: HttpRequest, obj: Any) -> list[str]:
        """Return the declared names and, for an existing row, its key and non-editable columns."""
        names = list(self.readonly_fields)
        if obj is not None:
            names += [
                field.name
                for field in self.opts.concrete_fields
                if (field.primary_key or not field.editable) and field.name not in names
            ]
        return names

    def shown(self, name: str, *, link: bool = True) -> DisplayFunction:
        """Return the cached function that shows the field `name` of a row."""
        return display_function(self.model, name, self.money.get(name, ""), link=link)
