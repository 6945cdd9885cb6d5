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


def paths_for_str(model: Model, path: str) -> list[str]:
    """Return the paths to join so that `__str__` of the record at the end of `path` needs no query.

    Return an empty list if the rows of the table are distributed, because Citus joins such a table
    only by its distribution column.
    """
    related = field_at(model, path).related_model
    if is_distributed(related):
        return []
    names = getattr(admin.site.get_model_admin(related), "named_by", ())
    return [path, *(longer for name in names for longer in paths_for_str(model, f"{path}__{name}"))]


def select_names(rows: QuerySet) -> QuerySet:
    """Return `rows`, joined with the records that their `__str__` reads."""
    named_by = getattr(admin.site.get_model_admin(rows.model), "named_by", ())
    paths = [path for name in named_by for path in paths_for_str(rows.model, name)]
    return rows.select_related(*paths) if paths else rows
