"""Paths of fields, such as `payment__user`, that start at a model or at a row."""

from typing import Any

from django.contrib import admin

from config.admin.bounds import Model, QuerySet
from config.postgres.citus import is_distributed


def field_at(model: Model | None, path: str) -> Any:
    """Return the field at the end of `path`, or None if there is no such path."""
    field: Any = None
    for name in path.split("__"):
        columns = model._meta.concrete_fields if model else ()
        field = next((column for column in columns if column.name == name), None)
        model = field.related_model if field else None
    return field


def value_at(row: Any, path: str) -> Any:
    """Return the value at the end of `path`, or None if a foreign key on the way is NULL."""
    for name in path.split("__"):
        row = getattr(row, name, None)
    return row


def with_names(model: Model, path: str) -> list[str]:
    """Return the joins that show the name of the record at the end of `path` without a query.

    Return none if the table is distributed over servers, because Citus cannot join such a table.
    """
    related = field_at(model, path).related_model
    if is_distributed(related):
        return []
    names = getattr(admin.site.get_model_admin(related), "named_by", ())
    return [path, *(longer for name in names for longer in with_names(model, f"{path}__{name}"))]


def select_names(rows: QuerySet) -> QuerySet:
    """Return `rows` joined with the records whose names are part of the names of `rows`."""
    named_by = getattr(admin.site.get_model_admin(rows.model), "named_by", ())
    paths = [path for name in named_by for path in with_names(rows.model, name)]
    return rows.select_related(*paths) if paths else rows
