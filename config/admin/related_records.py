"""Links from a record to the records that it refers to and to the rows that refer to it."""

from dataclasses import dataclass

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.urls import reverse
from django.utils.text import capfirst

from config.admin.bounds import COUNTED_ROWS, Count, count_up_to
from config.admin.columns import url_of
from config.admin.paths import field_at


@dataclass(frozen=True)
class Link:
    """A related record, or a list of related rows."""

    title: str
    url: str
    icon: str
    count: Count | None = None
    """The number of rows; None for a parent."""
    label: str = ""
    """The name of the foreign key to a parent."""


def parents(row: models.Model) -> list[Link]:
    """Return links to the records that `row` refers to."""
    links = []
    for field in row._meta.concrete_fields:
        if field.is_relation and (parent := getattr(row, field.name)) is not None:
            label = str(capfirst(field.verbose_name))
            links.append(Link(str(parent), url_of(parent), icon(type(parent)), label=label))
    return links


def children(row: models.Model, through: tuple[tuple[str, str], ...] = ()) -> list[Link]:
    """Return a link for each relation to `row`, which opens the list of rows or the only row.

    `through` lists models that refer to `row` through other models, each with its path to `row`.
    """
    relations = [*_relations(type(row)), *((apps.get_model(name), path) for name, path in through)]
    rows = [model._base_manager.filter(**{path: row.pk}) for model, path in relations]
    counts = count_up_to(COUNTED_ROWS, rows)
    only = {model: getattr(row, name, None) for name, model in only_children(type(row))}
    return [
        Link(
            _title(model, path),
            url_of(child) if (child := only.get(model)) else _filtered(model, path, row),
            icon(model),
            count,
        )
        for (model, path), count in zip(relations, counts, strict=True)
    ]


def only_children(model: type[models.Model]) -> list[tuple[str, type[models.Model]]]:
    """Return the attribute names of a row's one-to-one children, each with the child's model."""
    return [
        (str(relation.get_accessor_name()), relation.related_model)
        for relation in model._meta.related_objects
        if relation.one_to_one and admin.site.is_registered(relation.related_model)
    ]


def icon(model: type[models.Model]) -> str:
    """Return the icon of `model` in the sidebar."""
    return getattr(admin.site.get_model_admin(model), "icon", "table_rows")


def list_url(model: type[models.Model]) -> str:
    """Return the address of the list of all rows of `model`."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def _relations(model: type[models.Model]) -> list[tuple[type[models.Model], str]]:
    return [
        (relation.related_model, relation.field.name)
        for relation in model._meta.related_objects
        if admin.site.is_registered(relation.related_model)
    ]


def _title(model: type[models.Model], path: str) -> str:
    """Return the plural name of `model`, with the foreign key if there are several to the table."""
    title = str(capfirst(model._meta.verbose_name_plural))
    field = field_at(model, path.partition("__")[0])
    to_same_table = [
        other
        for other in model._meta.concrete_fields
        if other.is_relation and other.related_model is field.related_model
    ]
    return f"{title} ({field.verbose_name})" if len(to_same_table) > 1 else title


def _filtered(model: type[models.Model], path: str, row: models.Model) -> str:
    key = field_at(model, path).related_model._meta.pk.name
    return f"{list_url(model)}?{path}__{key}__exact={row.pk}"
