"""The declaration of a model that says where a Citus cluster keeps its rows.

    class Message(TimestampedModel):
        distribution = Distributed("conversation")

It is no option of Meta, since no migration depends on it: one server has the same tables.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.models import Field, Model


@dataclass(frozen=True)
class Distributed:
    """The distribution of a table whose rows are spread over the servers by one field."""

    by: str
    """The name of the field: rows of equal values are on the same server."""
    colocated: bool = True
    """Whether rows of other colocated tables that have the same value are on that server, too."""


@dataclass(frozen=True)
class Reference:
    """The distribution of a table of which each server has all rows."""


type Distribution = Distributed | Reference


def declared_distribution(model: type[Model]) -> Distribution | None:
    """Return what the model declares, or None if it declares nothing."""
    if model._meta.auto_created:
        return _of_both_sides(model)
    declared = getattr(model, "distribution", None)
    return declared if isinstance(declared, Distributed | Reference) else None


def _of_both_sides(relation: type[Model]) -> Distribution | None:
    """Return the distribution of the table that Django makes for a many-to-many field.

    If both of its models are on every server, the table is, too. Otherwise it has none, since its
    rows could not refer to both.
    """
    fields: list[Any] = [field for field in relation._meta.concrete_fields if field.is_relation]
    sides = [declared_distribution(field.related_model) for field in fields]
    return Reference() if all(isinstance(side, Reference) for side in sides) else None


def distribution_field(model: type[Model]) -> "Field[Any, Any] | None":
    """Return the field by which the model's rows are spread, or None if they are not."""
    declared = declared_distribution(model)
    return model._meta.get_field(declared.by) if isinstance(declared, Distributed) else None  # type: ignore[return-value]


def is_cluster(alias: str = "default") -> bool:
    """Return whether the connection's database is one of a Citus cluster."""
    return bool(getattr(connections[alias], "is_cluster", False))


def is_spread(model: type[Model], alias: str = "default") -> bool:
    """Return whether the rows of the model are on several servers, where few joins work."""
    return distribution_field(model) is not None and is_cluster(alias)
