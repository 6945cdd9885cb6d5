"""Addresses, requests and form data of the admin, and models for the tests to use."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import DatabaseError, transaction
from django.db.models import CharField, Model, TextField, URLField
from django.forms import BaseForm, CheckboxInput
from django.template.response import SimpleTemplateResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from analytics.models import AnalyticsEvent, CourseAnalytics, StudentAnalytics
from assessments.models import AssignmentSubmission, Question
from communication.models import DiscussionPost, Message
from config.admin.shown_values import INPUT
from config.postgres import JSONField
from courses.models import Course, CourseModule
from payments.models import Payment
from tests.factories import FACTORIES, UserFactory
from users.models import User, UserProfile

LOGIN = "/admin/login/"
PASSWORD = "Very-Secret-1"
READ_ONLY: tuple[type[Model], ...] = (AnalyticsEvent, CourseAnalytics, StudentAnalytics)
"""The models that only the platform writes."""
TYPICAL: tuple[type[Model], ...] = (
    *(User, UserProfile, Course, Question),
    *(AssignmentSubmission, Message, Payment),
)
"""Models whose forms together have every kind of input."""
BY_MODEL: dict[type[Model], Any] = {
    model: FACTORIES[model._meta.db_table]
    for model in apps.get_models()
    if model._meta.db_table in FACTORIES
}
"""The factory of each model of the project."""
TRAITS: dict[type[Model], dict[str, Any]] = {
    CourseModule: {"locked": True},
    DiscussionPost: {"reply": True},
}
"""Traits of rows that refer to another row of their table."""


def each_of(*models: type[Model]) -> pytest.MarkDecorator:
    """Run the test once for each of `models`."""
    return pytest.mark.parametrize("model", models, ids=lambda model: model.__name__)


each_model = each_of(*BY_MODEL)
representative = each_of(Course, AnalyticsEvent)
"""Run the test for a model with inlines and every kind of field, and for a read-only model.

Use it for tests of code in config.admin. test_declarations.py tests the declarations of each model.
"""


def model_admin(model: type[Model]) -> Any:
    return admin.site.get_model_admin(model)


def request_for(model: type[Model], **parameters: Any) -> Any:
    """Return the request of an administrator for the list of `model`."""
    request: Any = RequestFactory().get(url(model, "changelist"), parameters)
    request.user = UserFactory.build(admin=True)
    return request


def changelist_of(model: type[Model], **parameters: Any) -> Any:
    """Return the list of `model`, without rendering its page."""
    return model_admin(model).get_changelist_instance(request_for(model, **parameters))


def add_form(model: type[Model]) -> Any:
    """Return the class of the form that adds a row."""
    return model_admin(model).get_form(request_for(model))


def url(model: type[Model], page: str, *args: Any) -> str:
    """Return the address of `page`: changelist, add or, with a key, change, delete or history."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def form_data(form: BaseForm) -> dict[str, str]:
    """Return the data that a browser sends for an untouched form."""
    data: dict[str, Any] = {}
    for bound in form:
        widget: Any = bound.field.widget
        value: Any = bound.value()
        if hasattr(widget, "decompress"):
            values = value if isinstance(value, list) else widget.decompress(value)
            parts = zip(widget.widgets_names, values, strict=True)
            data |= {bound.html_name + suffix: part for suffix, part in parts}
        elif not isinstance(widget, CheckboxInput) or value:
            data[bound.html_name] = value
    return {name: str(value) for name, value in data.items() if value is not None}


@contextmanager
def unrendered() -> Iterator[None]:
    """Leave pages empty until the block ends, because rendering takes half of the time.

    Responses still have `context_data`.
    """
    with patch.object(SimpleTemplateResponse, "rendered_content", ""):
        yield


def context_of(client: Client, address: str, parameters: Any = None) -> Any:
    """Return the context of the page at `address`, without rendering the page."""
    with unrendered():
        response: Any = client.get(address, parameters)
    assert response.status_code == 200
    return response.context_data


def post(client: Client, address: str, data: dict[str, Any]) -> Any:
    """Return the response to a form, without rendering a page."""
    with unrendered():
        return client.post(address, data)


def log_in(client: Client, password: str, account: str = "ann@example.com") -> Any:
    """Return the response to an attempt to log in."""
    return client.post(LOGIN, {"username": account, "password": password})


def form_of(client: Client, address: str) -> Any:
    return context_of(client, address)["adminform"].form


def errors(client: Client, address: str, data: dict[str, Any]) -> dict[str, list[str]]:
    """Return the errors with which the form at `address` refuses `data`."""
    response = post(client, address, data)
    assert response.status_code == 200
    return dict(response.context_data["adminform"].form.errors)


def page_data(client: Client, address: str) -> dict[str, str]:
    """Return the data that a browser sends for the untouched page at `address`."""
    return data_of_page(context_of(client, address))


def data_of_page(context: Any) -> dict[str, str]:
    """Return the data that a browser sends for an untouched page of `context`."""
    data = form_data(context["adminform"].form) | {INPUT: context["shown"]}
    for inline in context["inline_admin_formsets"]:
        data |= form_data(inline.formset.management_form)
        if inline.formset.counted:
            data[inline.formset.name_of_counted] = inline.formset.counted
        for form in inline.formset.forms:
            data |= form_data(form)
    return data


def without_inlines(context: Any) -> dict[str, str]:
    """Return the data that a browser sends for inlines without rows, on the page of `context`."""
    counts = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0"}
    return {
        f"{inline.formset.prefix}-{name}": count
        for inline in context["inline_admin_formsets"]
        for name, count in counts.items()
    }


def data_to_add(client: Client, row: Model) -> dict[str, str]:
    """Return the data that a browser sends to add a row with the values of `row`."""
    context = context_of(client, url(type(row), "add"))
    form = type(context["adminform"].form)(instance=row)
    return without_inlines(context) | form_data(form)


MARKUP = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>{{7*7}}"


def with_markup(model: type[Model]) -> Model:
    """Return a row with markup in each text and document, saved without a form."""
    row: Model = BY_MODEL[model].create()
    for field in model._meta.concrete_fields:
        value: Any = MARKUP[: field.max_length]
        if isinstance(field, JSONField):
            value = [MARKUP] if isinstance(getattr(row, field.name), list) else {MARKUP: MARKUP}
        if type(field) in (CharField, TextField, URLField, JSONField):
            # Constraints keep markup out of some columns, such as currencies.
            with suppress(DatabaseError), transaction.atomic():
                model._base_manager.filter(pk=row.pk).update(**{field.name: value})
    row.refresh_from_db()
    return row


def valid_data(client: Client, model: type[Model], **traits: Any) -> dict[str, str]:
    """Return the data that a browser sends to add a row like that of the factory."""
    row = BY_MODEL[model].create(**traits)
    data = data_to_add(client, row)
    row.delete()
    return data
