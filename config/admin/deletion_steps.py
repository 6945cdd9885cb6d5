"""The count of a deletion table by table, for a cluster, whose CTEs cannot be recursive."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection

from config.admin.bounds import Model

if TYPE_CHECKING:
    from config.admin.deletion import DeletionPlan

NUMBERS = """
SELECT ARRAY[count(*), coalesce(bit_xor(hashtextextended(key, 0)), 0)]
  FROM unnest(%s::text[]) AS rows (key)
"""


def numbers_by_steps(plan: "DeletionPlan", keys: Sequence[Any]) -> list[list[int]]:
    """Return the counts and digests that the query of the plan returns on a single server."""
    found: dict[Model, list[Any]] = {}
    for model in plan.tables:
        found[model] = _with_own(plan, model, _first(plan, model, keys, found))
    parts = [found[model] for model in plan.tables]
    parts += [_orphans(plan, model, name, found) for model, name in plan.references]
    return [_numbers(plan, part) for part in parts]


def _first(
    plan: "DeletionPlan", model: Model, keys: Sequence[Any], found: dict[Model, list[Any]]
) -> list[Any]:
    """Return the keys of the rows to delete, or of rows that refer to deleted rows elsewhere."""
    if model is plan.model:
        return _keys(plan, model, pk__in=list(keys))
    arms = [_keys(plan, model, **{f"{field.name}__in": found[parent]})
            for parent, field in plan.arms(model)]  # fmt: skip
    return list(dict.fromkeys(key for arm in arms for key in arm))


def _with_own(plan: "DeletionPlan", model: Model, keys: list[Any]) -> list[Any]:
    """Add the rows of the same table that refer to these rows, directly or indirectly."""
    found, new = dict.fromkeys(keys), keys
    while new:
        referring = [
            key
            for field in plan.own(model)
            for key in _keys(plan, model, **{f"{field.name}__in": new})
        ]
        new = [key for key in referring if key not in found]
        found |= dict.fromkeys(new)
    return list(found)


def _orphans(
    plan: "DeletionPlan", model: Model, name: str, found: dict[Model, list[Any]]
) -> list[Any]:
    parent: Any = model._meta.get_field(name).related_model
    deleted = set(found.get(model, ()))
    keys = _keys(plan, model, **{f"{name}__in": found[parent]})
    return [key for key in keys if key not in deleted]


def _keys(plan: "DeletionPlan", model: Model, **condition: Any) -> list[Any]:
    rows = model._base_manager.filter(**condition).values_list("pk", flat=True)
    return list(rows[: plan.limit] if plan.limit else rows)


def _numbers(plan: "DeletionPlan", keys: list[Any]) -> list[int]:
    if plan.limit:  # not all of them are read
        return [len(keys), 0]
    with connection.cursor() as cursor:
        cursor.execute(NUMBERS, [list(map(str, keys))])
        numbers: list[int] = cursor.fetchone()[0]
        return numbers
