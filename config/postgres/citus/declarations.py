"""The declaration of how a Citus cluster distributes the rows of a model.

    class Message(TimestampedModel):
        distribution = Distributed("conversation")

The declaration is not an option of Meta, because no migration depends on it. On a single server, it
changes nothing.
"""

from dataclasses import dataclass
from typing import Any

from django.db import NotSupportedError, connections
from django.db.models import Field, Model


@dataclass(frozen=True)
class Distributed:
    """The distribution of rows over the servers by the value of a field."""

    by: str
    """The name of the field. Rows with equal values are on the same server."""
    colocated: bool = True
    """True if rows of other colocated tables with the same value are on the same server."""


@dataclass(frozen=True)
class Reference:
    """The distribution of a table with all rows on each server."""


class MovedRowError(NotSupportedError):
    """The error for a change that moves a row to another server. Citus refuses this."""


type Distribution = Distributed | Reference


def declared_distribution(model: type[Model]) -> Distribution | None:
    """Return the distribution that the model declares, or None."""
    if model._meta.auto_created:
        return _many_to_many_distribution(model)
    declared = getattr(model, "distribution", None)
    return declared if isinstance(declared, Distributed | Reference) else None


def _many_to_many_distribution(relation: type[Model]) -> Distribution | None:
    """Return the distribution of the table that Django creates for a many-to-many field.

    If both related models are on every server, the table is also on every server. Otherwise it has
    no distribution, because a row cannot refer to both models.
    """
    fields: list[Any] = [field for field in relation._meta.concrete_fields if field.is_relation]
    sides = [declared_distribution(field.related_model) for field in fields]
    return Reference() if all(isinstance(side, Reference) for side in sides) else None


def distribution_field(model: type[Model]) -> "Field[Any, Any] | None":
    """Return the field by which the rows of the model are distributed, or None."""
    declared = declared_distribution(model)
    return model._meta.get_field(declared.by) if isinstance(declared, Distributed) else None  # type: ignore[return-value]


def is_cluster(alias: str = "default") -> bool:
    """Return whether the database is on a Citus cluster."""
    return bool(getattr(connections[alias], "is_cluster", False))


def is_distributed(model: type[Model], alias: str = "default") -> bool:
    """Return whether the rows of the model are distributed over servers."""
    return distribution_field(model) is not None and is_cluster(alias)
