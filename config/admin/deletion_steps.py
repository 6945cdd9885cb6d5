"""Counts of affected rows, made table by table, because Citus lacks recursive CTEs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from zlib import crc32

from config.admin.bounds import Model

if TYPE_CHECKING:
    from config.admin.deletion import DeletionQuery


def numbers_by_steps(query: "DeletionQuery", keys: Sequence[Any]) -> list[list[int]]:
    """Return the counts of `query`, each with a digest of the keys (0 if there is a limit)."""
    found: dict[Model, list[Any]] = {}
    for model in query.tables:
        filters = [(field.name, found[parent]) for parent, field in query.foreign_keys(model)]
        if model is query.model:
            filters = [("pk", [*keys])]
        first = [key for name, values in filters for key in _keys(query, model, name, values)]
        found[model] = _with_own(query, model, first)
    orphans = [_orphans(query, model, name, found) for model, name in query.references]
    return [_numbers(query, part) for part in [*found.values(), *orphans]]


def _with_own(query: "DeletionQuery", model: Model, keys: list[Any]) -> list[Any]:
    """Return `keys`, and the keys of rows of `model` that refer to those rows, even indirectly."""
    found: dict[Any, None] = {}
    while keys:
        found |= dict.fromkeys(keys)
        own = [_keys(query, model, field.name, keys) for field in query.self_references(model)]
        keys = [key for referring in own for key in referring if key not in found]
    return list(found)


def _orphans(
    query: "DeletionQuery", model: Model, name: str, found: dict[Model, list[Any]]
) -> list[Any]:
    parent: Any = model._meta.get_field(name).related_model
    deleted = set(found.get(model, ()))
    return [key for key in _keys(query, model, name, found[parent]) if key not in deleted]


def _keys(query: "DeletionQuery", model: Model, name: str, values: list[Any]) -> list[Any]:
    rows = model._base_manager.filter(**{f"{name}__in": values}).values_list("pk", flat=True)
    return list(rows[: query.limit])


def _numbers(query: "DeletionQuery", keys: list[Any]) -> list[int]:
    if query.limit:  # not all keys were read
        return [len(keys), 0]
    return [len(keys), crc32(" ".join(sorted(map(str, keys))).encode())]
