"""The declarations of each model's admin, checked without rendering a page."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.apps import apps
from django.contrib.admin import FieldListFilter
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import flatten_fieldsets, lookup_field
from django.contrib.auth.models import AnonymousUser
from django.db import connection, models
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import conditional_escape

from config.admin.deletion import DeletionQuery
from config.admin.filters import EnumFilter, RecordFilter
from config.admin.forms import RecordSelect
from config.admin.paths import field_at
from config.admin.related_records import children, only_children, parents
from config.postgres import Now
from config.postgres.enums import EnumField
from courses.models import Course
from payments.models import Refund
from tests.admin.pages import (
    BY_MODEL,
    READ_ONLY,
    TRAITS,
    add_form,
    each_model,
    each_of,
    form_data,
    model_admin,
    request_for,
    url,
    with_markup,
)
from users.models import User

pytestmark = pytest.mark.django_db


def queries_of(ask: Callable[[], object]) -> list[str]:
    """Return the queries of `ask`, except those of transactions and settings."""
    with CaptureQueriesContext(connection) as queries:
        ask()
    others = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SET", "SELECT set_config")
    return [query["sql"] for query in queries if not query["sql"].startswith(others)]


# Access


def test_permissions__are_complete_except_for_models_that_only_the_platform_writes() -> None:
    for model in BY_MODEL:
        admin, request = model_admin(model), request_for(model)
        assert admin.get_model_perms(request) == {
            "view": True,
            **dict.fromkeys(("add", "change", "delete"), model not in READ_ONLY),
        }


def test_every_page_of_every_model__asks_to_log_in(rf: RequestFactory) -> None:
    request = rf.get("/admin/page/")
    request.user = AnonymousUser()
    for model in BY_MODEL:
        for pattern in model_admin(model).get_urls():
            names = pattern.pattern.regex.groupindex if pattern.pattern else ()
            response: HttpResponse = pattern.callback(request, **dict.fromkeys(names, "1"))
            assert response.headers["Location"] in (
                "/admin/login/?next=/admin/page/",
                f"/admin/{model._meta.app_label}/{model._meta.model_name}/1/change/",
            )


# Lists


def cells(model: type[models.Model], **parameters: Any) -> list[list[Any]]:
    """Return the value in each column of each row of the list."""
    admin = model_admin(model)
    changelist = admin.get_changelist_instance(request_for(model, **parameters))
    return [
        [lookup_field(column, row, admin)[2] for column in admin.columns]
        for row in changelist.result_list
    ]


@each_model
def test_list_by_all_columns__takes_three_queries(model: type[models.Model]) -> None:
    BY_MODEL[model].create_batch(3, **TRAITS.get(model, {}))
    changelist = model_admin(model).get_changelist_instance(request_for(model))
    order = ".".join(f"-{column}" for column in sorted(changelist.sortable))
    assert len(queries_of(lambda: cells(model, o=order))) == 3


def test_list_with_an_amount__joins_the_record_with_its_currency(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model_admin(Refund), "list_display", ("amount",))
    joined = model_admin(Refund).get_list_select_related(request_for(Refund))
    assert joined == ["payment", "payment__user", "payment__course"]


@each_model
def test_order_of_the_list__is_that_of_an_index(model: type[models.Model]) -> None:
    rows = model_admin(model).get_changelist_instance(request_for(model)).queryset[:100]
    with connection.cursor() as cursor:
        for method in ("seqscan", "sort", "incremental_sort"):
            cursor.execute(f"SET LOCAL enable_{method} = off")
    plan = [line.strip() for line in rows.explain(costs=False).splitlines()]
    assert not [line for line in plan if line.endswith("Sort")]


@each_model
def test_list_with_all_filters__shows_a_row_that_matches(model: type[models.Model]) -> None:
    row = BY_MODEL[model].create(**TRAITS.get(model, {}))
    changelist = model_admin(model).get_changelist_instance(
        request_for(model, **dict(each_filter(row)))
    )
    assert len(changelist.filter_specs) == len(model_admin(model).list_filter)
    assert list(changelist.result_list) == [row]


def each_filter(row: models.Model) -> Iterator[tuple[str, str]]:
    """Yield a parameter of the URL for each declared filter; `row` matches all of them."""
    for name in model_admin(type(row)).list_filter:
        field: Any = row._meta.get_field(name) if isinstance(name, str) else None
        value = getattr(row, field.attname) if field else None
        if value is None:
            continue
        if field.is_relation:
            yield f"{name}__{field.target_field.name}__exact", str(value)
        elif isinstance(field, EnumField):
            yield f"{name}__exact", value
        elif isinstance(field, models.DateTimeField):
            yield f"{name}_from", value.date().isoformat()
        elif isinstance(field, (models.IntegerField, models.DecimalField)):
            yield f"{name}_to", str(value)


def test_enum_fields_and_foreign_keys__have_filters_without_lists_of_records() -> None:
    wrong: list[Any] = []
    for model in BY_MODEL:
        filters = model_admin(model).get_list_filter(request_for(model))
        declared = model_admin(model).list_filter
        for field in model._meta.concrete_fields:
            if isinstance(field, EnumField):
                chosen = FieldListFilter.create(
                    field, request_for(model), {}, model, model_admin(model), field.name
                )
                is_right = field.name in filters and isinstance(chosen, EnumFilter)
                wrong += [] if is_right else [field]
            if field.is_relation and field.name in declared:
                wrong += [field] if (field.name, RecordFilter) not in filters else []
    assert wrong == []


@each_model
def test_column_of_a_row_with_markup__is_escaped(model: type[models.Model]) -> None:
    row, admin = with_markup(model), model_admin(model)
    columns = [*admin.columns, *(admin.shown(field.name) for field in model._meta.concrete_fields)]
    shown = "".join(conditional_escape(lookup_field(column, row, admin)[2]) for column in columns)
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown


@each_of(Course, User)
def test_link_to_a_record_with_markup_in_its_name__is_escaped(model: type[models.Model]) -> None:
    row = with_markup(model)
    for link in children(row, model_admin(model).through):
        assert "<script>" not in link.url
    for relation in model._meta.related_objects:
        if relation.related_model in BY_MODEL:
            refers = relation.related_model(**{relation.field.name: row})
            show = model_admin(relation.related_model).shown(relation.field.name)
            assert "<script>alert" not in conditional_escape(show(refers))


# Related records


@each_model
def test_names_of_rows__are_read_in_the_query_for_the_rows(model: type[models.Model]) -> None:
    BY_MODEL[model].create_batch(2, **TRAITS.get(model, {}))
    admin = model_admin(model)
    assert len(queries_of(lambda: list(map(str, admin.get_queryset(request_for(model)))))) == 1


@each_model
def test_record_with_the_names_of_related_records__takes_one_query(
    model: type[models.Model],
) -> None:
    row = BY_MODEL[model].create(**TRAITS.get(model, {}))
    admin, request = model_admin(model), request_for(model)

    def names() -> list[str]:
        found = admin.get_object(request, str(row.pk))
        only = [str(getattr(found, name, "")) for name, _ in only_children(model)]
        return [str(found), *(parent.title for parent in parents(found)), *only]

    assert len(queries_of(names)) == 1


@each_model
def test_link_to_related_rows__is_a_filter_that_their_list_allows(
    model: type[models.Model],
) -> None:
    row, through = BY_MODEL[model].create(), model_admin(model).through
    keys = [found for found in model._meta.related_objects if found.related_model in BY_MODEL]
    for name, path in through:
        assert field_at(apps.get_model(name), path).related_model is model
    links = children(row, through)
    assert len(links) == len(keys) + len(through)
    lists = {url(each, "changelist"): each for each in BY_MODEL}
    for link in links:
        address = urlsplit(link.url)
        for lookup, value in parse_qsl(address.query):
            target = lists[address.path]
            assert model_admin(target).lookup_allowed(lookup, value, request_for(target))
            assert target._base_manager.filter(**{lookup: value}).count() == link.count.number  # type: ignore[union-attr]


def test_rows_deleted_or_detached_with_a_row__follow_from_the_foreign_keys_in_the_database() -> (
    None
):
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT confrelid::regclass::text, conrelid::regclass::text, attname, confdeltype::text
              FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
             WHERE contype = 'f' AND conparentid = 0
            """
        )
        keys = cursor.fetchall()
    for model in BY_MODEL:
        losing = {model._meta.db_table}
        for _ in BY_MODEL:
            losing |= {child for parent, child, _, on in keys if parent in losing and on == "c"}
        query = DeletionQuery(model, None)
        # Django, not the database, deletes the log along with its user.
        assert {each._meta.db_table for each in query.tables if each is not LogEntry} == losing
        assert {
            (each._meta.db_table, each._meta.get_field(name).column)  # type: ignore[union-attr]
            for each, name in query.references
        } == {
            (child, column) for parent, child, column, on in keys if parent in losing and on == "n"
        }


# Forms


WRITTEN = [model for model in BY_MODEL if model not in READ_ONLY]


def test_add_forms__show_the_defaults_of_the_database() -> None:
    for model in WRITTEN:
        form = add_form(model)()
        for field in model._meta.fields:
            if field.has_db_default() and field.name in form.fields:
                shown = form[field.name].initial
                if isinstance(field.db_default, Now):
                    assert abs(timezone.now() - shown) < timedelta(minutes=1)
                else:
                    assert (field, shown) == (field, field.db_default)


def test_add_forms__have_an_input_for_everything_that_they_show() -> None:
    for model in WRITTEN:
        fieldsets = model_admin(model).get_fieldsets(request_for(model))
        assert set(flatten_fieldsets(fieldsets)) == set(add_form(model).base_fields)


def test_add_forms__find_records_by_typing_and_take_no_query() -> None:
    for model in WRITTEN:
        form = add_form(model)()
        keys = [field.name for field in model._meta.fields if field.is_relation]
        assert {type(form.fields[name].widget.widget) for name in keys} <= {RecordSelect}
        assert queries_of(form.as_p) == []


def columns(row: models.Model) -> dict[str, Any]:
    """Return the values in the database except the time of the last change."""
    row.refresh_from_db()
    return {
        field.name: field.value_from_object(row)
        for field in row._meta.concrete_fields
        if field.name not in ("updated_at", "last_updated")
    }


@each_of(*WRITTEN)
def test_form_saved_untouched__changes_nothing(model: type[models.Model]) -> None:
    row = BY_MODEL[model].create()
    before = columns(row)
    form = model_admin(model).get_form(request_for(model), row, change=True)
    form(form_data(form(instance=row)), instance=row).save()
    assert columns(row) == before


@each_of(*(model for model in WRITTEN if model is not User))
def test_valid_form__adds_the_row(model: type[models.Model]) -> None:
    row, form = BY_MODEL[model].create(), add_form(model)
    data = form_data(form(instance=row))
    row.delete()
    added = form(data).save()
    assert form_data(form(instance=added)) == data
