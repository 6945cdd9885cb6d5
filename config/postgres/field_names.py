"""The names of the fields that an index or a constraint uses."""

from typing import Any

from django.db import models

type IndexOrConstraint = models.BaseConstraint | models.Index


def named_fields(item: IndexOrConstraint) -> set[str]:
    """Return the names of all fields that `item` uses."""
    names = {name.lstrip("-") for name in getattr(item, "fields", ())}
    return names | set(getattr(item, "include", None) or ()) | named_in_expressions(item)


def named_in_expressions(item: Any) -> set[str]:
    """Return the names of the fields in the condition and the expressions of `item`."""
    names: set[str] = set()
    for expression in (getattr(item, "condition", None), *getattr(item, "expressions", ())):
        if isinstance(expression, tuple):  # an ExclusionConstraint has pairs with an operator
            expression, _ = expression
        if isinstance(expression, str):
            expression = models.F(expression)
        for part in expression.flatten() if hasattr(expression, "flatten") else [expression]:
            if isinstance(part, models.F):
                names.add(part.name)
            elif isinstance(part, models.Q):
                names |= part.referenced_base_fields
    return {name.split("__")[0] for name in names}
