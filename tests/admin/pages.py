"""The pages of the admin: where they are, and what a browser sends from their forms."""

from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model
from django.forms import BaseForm, CheckboxInput
from django.test import Client
from django.urls import reverse

from analytics.models import AnalyticsEvent, CourseAnalytics, StudentAnalytics
from tests.factories import FACTORIES

READ_ONLY: tuple[type[Model], ...] = (AnalyticsEvent, CourseAnalytics, StudentAnalytics)
"""What only the platform writes."""
BY_MODEL: dict[type[Model], Any] = {
    model: FACTORIES[model._meta.db_table]
    for model in apps.get_models()
    if model._meta.db_table in FACTORIES
}
"""The factory of each model of the project."""


def each_model_but(*models: type[Model]) -> pytest.MarkDecorator:
    """Run the test once for each model of the project that is not named here."""
    some = [model for model in BY_MODEL if model not in models]
    return pytest.mark.parametrize("model", some, ids=lambda model: model.__name__)


each_model = each_model_but()


def url(model: type[Model], page: str, *args: Any) -> str:
    """`page` is changelist, add, change, delete or history; the last three want a row's key."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def typed(form: BaseForm) -> dict[str, str]:
    """What a browser sends of `form` if nobody touches it."""
    data: dict[str, Any] = {}
    for bound in form:
        widget: Any = bound.field.widget
        value: Any = bound.value()
        if hasattr(widget, "decompress"):
            parts = zip(widget.widgets_names, widget.decompress(value), strict=True)
            data |= {bound.html_name + suffix: part for suffix, part in parts}
        elif not isinstance(widget, CheckboxInput) or value:
            data[bound.html_name] = value
    return {name: str(value) for name, value in data.items() if value is not None}


def form_of(client: Client, address: str) -> Any:
    return client.get(address).context["adminform"].form


def sent(client: Client, address: str) -> dict[str, str]:
    """What a browser sends of the page at `address`, with its inlines, if nobody touches it."""
    context = client.get(address).context
    data = typed(context["adminform"].form)
    for inline in context["inline_admin_formsets"]:
        data |= typed(inline.formset.management_form)
        for form in inline.formset.forms:
            data |= typed(form)
    return data


def without_inlines(client: Client, address: str) -> dict[str, str]:
    """What a browser sends of the inlines of the page at `address` if they have no rows."""
    inlines = client.get(address).context["inline_admin_formsets"]
    counts = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0"}
    return {
        f"{inline.formset.prefix}-{name}": count
        for inline in inlines
        for name, count in counts.items()
    }


def like(client: Client, row: Model) -> dict[str, str]:
    """What a browser sends to add a row with the values of `row`."""
    address = url(type(row), "add")
    form = type(form_of(client, address))(instance=row)
    return without_inlines(client, address) | typed(form)


def valid_data(client: Client, model: type[Model], **traits: Any) -> dict[str, str]:
    """What a browser sends to add a row like the factory's, which is not there any more."""
    row = BY_MODEL[model].create(**traits)
    data = like(client, row)
    row.delete()
    return data
