"""The count of a deletion table by table, for a cluster, whose CTEs cannot be recursive."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from zlib import crc32

from config.admin.bounds import Model

if TYPE_CHECKING:
    from config.admin.deletion import DeletionPlan


def numbers_by_steps(plan: "DeletionPlan", keys: Sequence[Any]) -> list[list[int]]:
    """Return the counts and digests that the query of the plan returns on a single server."""
    found: dict[Model, list[Any]] = {}
    for model in plan.tables:
        arms = [(field.name, found[parent]) for parent, field in plan.arms(model)]
        if model is plan.model:
            arms = [("pk", [*keys])]
        first = [key for name, values in arms for key in _keys(plan, model, name, values)]
        found[model] = _with_own(plan, model, first)
    orphans = [_orphans(plan, model, name, found) for model, name in plan.references]
    return [_numbers(plan, part) for part in [*found.values(), *orphans]]


def _with_own(plan: "DeletionPlan", model: Model, keys: list[Any]) -> list[Any]:
    """Add the rows of the same table that refer to these rows, directly or indirectly."""
    found: dict[Any, None] = {}
    while keys:
        found |= dict.fromkeys(keys)
        own = [_keys(plan, model, field.name, keys) for field in plan.own(model)]
        keys = [key for referring in own for key in referring if key not in found]
    return list(found)


def _orphans(
    plan: "DeletionPlan", model: Model, name: str, found: dict[Model, list[Any]]
) -> list[Any]:
    parent: Any = model._meta.get_field(name).related_model
    deleted = set(found.get(model, ()))
    return [key for key in _keys(plan, model, name, found[parent]) if key not in deleted]


def _keys(plan: "DeletionPlan", model: Model, name: str, values: list[Any]) -> list[Any]:
    rows = model._base_manager.filter(**{f"{name}__in": values}).values_list("pk", flat=True)
    return list(rows[: plan.limit])


def _numbers(plan: "DeletionPlan", keys: list[Any]) -> list[int]:
    if plan.limit:  # not all of them are read
        return [len(keys), 0]
    return [len(keys), crc32(" ".join(sorted(map(str, keys))).encode())]
