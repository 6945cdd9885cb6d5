"""Check constraints and conditions that many tables share."""

from decimal import Decimal
from functools import reduce
from operator import and_

from django.db import models
from django.db.models.lookups import Exact

# The largest numeric(10, 2). As an upper bound it also refuses NaN, which every numeric column
# takes and which PostgreSQL sorts above all numbers: `price >= 0` alone would accept it.
LARGEST_AMOUNT = Decimal("99999999.99")


class JSONTypeof(models.Func):
    """What a JSON value is: object, array, string, number, boolean or null."""

    function = "jsonb_typeof"
    output_field = models.TextField()


class IsFinite(models.Func):
    """Whether a time is neither 'infinity' nor '-infinity'."""

    # The cast is for full_clean(), which asks about values: of which type NULL is has to be said.
    template = "isfinite((%(expressions)s)::timestamptz)"
    output_field = models.BooleanField()


def json_check(
    field: str, shape: str = "object", *, null: bool = False, name: str
) -> models.CheckConstraint:
    """The column holds a JSON value of this shape; so it cannot hold JSON's own null."""
    condition = models.Q(Exact(JSONTypeof(field), shape))
    if null:  # PostgreSQL would pass NULL anyway, but full_clean() takes None for JSON's null.
        condition |= models.Q((f"{field}__isnull", True))
    return models.CheckConstraint(condition=condition, name=name)


def not_blank_check(field: str, *, name: str) -> models.CheckConstraint:
    """The text has a character that can be seen."""
    return models.CheckConstraint(condition=models.Q((f"{field}__regex", r"\S")), name=name)


def exactly_when(one: models.Q, other: models.Q) -> models.Q:
    """Both hold or neither does. Neither may be unknown: a check passes on NULL."""
    return (one & other) | (~one & ~other)


def finite_check(*fields: str, name: str) -> models.CheckConstraint:
    """The times are times: PostgreSQL also takes 'infinity', which Python cannot read."""
    conditions = (models.Q(IsFinite(field)) for field in fields)
    return models.CheckConstraint(condition=reduce(and_, conditions), name=name)
