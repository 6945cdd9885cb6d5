"""From a record to all that it belongs to, and to all that belongs to it, with counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db import models
from django.urls import reverse
from django.utils.text import capfirst

from config.admin.bounds import Count, count_up_to
from config.admin.columns import url_of

LIMIT = 1_000
"""Up to which rows are counted; beyond it is "1,000+"."""


@dataclass(frozen=True)
class Link:
    """A related record, or a list of related rows."""

    title: str
    url: str
    icon: str
    count: Count | None = None
    """None: it is a single record, and `title` says which."""
    name: str = ""


def parents(row: models.Model) -> list[Link]:
    """The records that `row` refers to."""
    links = []
    for field in row._meta.concrete_fields:
        if field.is_relation and (parent := getattr(row, field.name)) is not None:
            name = str(capfirst(field.verbose_name))
            links.append(Link(str(parent), url_of(parent), icon(type(parent)), name=name))
    return links


def children(row: models.Model, through: tuple[tuple[str, str], ...] = ()) -> list[Link]:
    """The lists of rows that refer to `row`, or the row itself where there is only one.

    `through` names those that refer to it through others.
    """
    relations = [*_relations(type(row)), *_indirect(through)]
    rows = [model._base_manager.filter(**{path: row.pk}) for model, path in relations]
    counts = count_up_to(LIMIT, rows)
    only: dict[Any, Any] = {
        model: getattr(row, name, None) for name, model in only_children(type(row))
    }
    return [
        Link(
            _title(model, path),
            url_of(only[model]) if only.get(model) else _list_url(model, path, row),
            icon(model),
            count,
        )
        for (model, path), count in zip(relations, counts, strict=True)
    ]


def only_children(model: type[models.Model]) -> list[tuple[str, type[models.Model]]]:
    """What refers to a row of `model` once at most: under which name, and of which model."""
    return [
        (str(relation.get_accessor_name()), relation.related_model)
        for relation in model._meta.related_objects
        if relation.one_to_one and admin.site.is_registered(relation.related_model)
    ]


def icon(model: type[models.Model]) -> str:
    """The icon of the model in the sidebar."""
    return getattr(admin.site.get_model_admin(model), "icon", "table_rows")


def _relations(model: type[models.Model]) -> list[tuple[type[models.Model], str]]:
    return [
        (relation.related_model, relation.field.name)
        for relation in model._meta.related_objects
        if admin.site.is_registered(relation.related_model)
    ]


def _indirect(through: tuple[tuple[str, str], ...]) -> Iterator[tuple[type[models.Model], str]]:
    from django.apps import apps

    for label, path in through:
        yield apps.get_model(label), path


def _title(model: type[models.Model], path: str) -> str:
    """The plural of the model; if it refers to the same table twice, also as what."""
    title = str(capfirst(model._meta.verbose_name_plural))
    field: Any = model._meta.get_field(path.partition("__")[0])
    twice = [
        other
        for other in model._meta.concrete_fields
        if other.is_relation and other.related_model is field.related_model
    ]
    return f"{title} ({field.verbose_name})" if len(twice) > 1 else title


def _list_url(model: type[models.Model], path: str, row: models.Model) -> str:
    opts = model._meta
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    key = _key(model, path)
    return f"{url}?{path}__{key}__exact={row.pk}"


def _key(model: type[models.Model], path: str) -> str:
    """The name of the key to which `path` leads."""
    for name in path.split("__"):
        model = model._meta.get_field(name).related_model  # type: ignore[assignment]
    return model._meta.pk.name
