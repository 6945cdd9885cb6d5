"""Which fields an index or a constraint is about."""

from typing import Any

from django.db import models

type Named = models.BaseConstraint | models.Index


def named_fields(item: Named) -> set[str]:
    """All fields that `item` names, wherever it does."""
    columns = {name.lstrip("-") for name in getattr(item, "fields", ())}
    return columns | set(getattr(item, "include", None) or ()) | named_in_expressions(item)


def named_in_expressions(item: Any) -> set[str]:
    """The fields in `item`'s condition and expressions, which hold literals of their types."""
    names: set[str] = set()
    for expression in (getattr(item, "condition", None), *getattr(item, "expressions", ())):
        if isinstance(expression, tuple):  # of an ExclusionConstraint, with its operator
            expression, _ = expression
        if isinstance(expression, str):
            expression = models.F(expression)
        for part in expression.flatten() if hasattr(expression, "flatten") else [expression]:
            if isinstance(part, models.F):
                names.add(part.name)
            elif isinstance(part, models.Q):
                names |= part.referenced_base_fields
    return {name.split("__")[0] for name in names}
