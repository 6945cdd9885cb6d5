"""The names of the fields that an index or a constraint uses."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import models
from django.db.models.expressions import OrderBy

type IndexOrConstraint = models.BaseConstraint | models.Index


def named_fields(item: IndexOrConstraint) -> set[str]:
    """Return the names of all fields that `item` uses."""
    names = {name.lstrip("-") for name in getattr(item, "fields", ())}
    return names | set(getattr(item, "include", None) or ()) | named_in_expressions(item)


def named_in_expressions(item: Any) -> set[str]:
    """Return the names of the fields in the condition and the expressions of `item`."""
    parts = [getattr(item, "condition", None)]
    for expression in getattr(item, "expressions", ()):
        # An ExclusionConstraint has tuples of an expression and an operator.
        if isinstance(expression, tuple):
            expression, _ = expression
        parts.append(models.F(expression) if isinstance(expression, str) else expression)
    return {name.split("__")[0] for name in _referenced_names(parts)}


def _referenced_names(part: Any) -> Iterator[str]:
    if isinstance(part, models.F):
        yield part.name
    elif isinstance(part, (list, tuple)):
        for each in part:
            yield from _referenced_names(each)
    elif isinstance(part, models.Q):
        for child in part.children:
            if isinstance(child, tuple):
                name, child = child
                yield name
            yield from _referenced_names(child)
    elif isinstance(part, models.Lookup):
        yield from _referenced_names([part.lhs, part.rhs])
    elif hasattr(part, "get_source_expressions"):
        yield from _referenced_names(part.get_source_expressions())


def is_in_expressions(field: Any, item: IndexOrConstraint) -> bool:
    """Return whether the condition or the expressions of `item` use `field`."""
    names = {field.name, field.attname, "pk" if field.primary_key else field.name}
    return not names.isdisjoint(named_in_expressions(item))


class UniqueRule(NamedTuple):
    """A rule that no two rows have equal values in some fields."""

    kind: str
    name: str
    fields: list[str]


def unique_rules(model: type[models.Model]) -> Iterator[UniqueRule]:
    """Yield the unique rules of `model`, except the primary key."""
    for field in model._meta.local_concrete_fields:
        if field.unique and not field.primary_key:
            yield UniqueRule("unique field", field.name, [field.name])
    for names in model._meta.unique_together:
        yield UniqueRule("unique_together", ", ".join(names), [*names])
    for rule in model._meta.constraints:
        if isinstance(rule, models.UniqueConstraint):
            fields = [*rule.fields, *map(_plain_field_name, rule.expressions)]
            yield UniqueRule("unique constraint", rule.name, fields)


def _plain_field_name(expression: Any) -> str:
    """Return the name of the field if `expression` is a plain field, otherwise ''."""
    if isinstance(expression, OrderBy):
        expression = expression.expression
    return str(getattr(expression, "name", "")) if isinstance(expression, models.F) else ""
