"""Check constraints and conditions that several tables share."""

from decimal import Decimal
from functools import reduce
from operator import and_

from django.db import models
from django.db.models.lookups import Exact

# The largest numeric(10, 2). As an upper bound it also refuses NaN, which PostgreSQL sorts above
# all numbers, so that `price >= 0` alone would accept it.
LARGEST_AMOUNT = Decimal("99999999.99")


class JSONTypeof(models.Func):
    """The type of a JSON value: object, array, string, number, boolean or null."""

    function = "jsonb_typeof"
    output_field = models.TextField()


class IsFinite(models.Func):
    """A test that a time is neither 'infinity' nor '-infinity'."""

    # full_clean() passes values instead of columns, and NULL needs a type.
    template = "isfinite((%(expressions)s)::timestamptz)"
    output_field = models.BooleanField()


def json_check(
    field: str, shape: str = "object", *, null: bool = False, name: str
) -> models.CheckConstraint:
    """Return a check that `jsonb_typeof()` of the field is `shape`. JSON's null is refused."""
    condition = models.Q(Exact(JSONTypeof(field), shape))
    if null:  # PostgreSQL accepts NULL anyway, but full_clean() takes None for JSON's null.
        condition |= models.Q((f"{field}__isnull", True))
    return models.CheckConstraint(condition=condition, name=name)


def not_blank_check(field: str, *, name: str) -> models.CheckConstraint:
    """Return a check that the text has a character other than white space."""
    return models.CheckConstraint(condition=models.Q((f"{field}__regex", r"\S")), name=name)


def exactly_when(one: models.Q, other: models.Q) -> models.Q:
    """Return the condition that both hold or neither does.

    Neither may evaluate to NULL, because PostgreSQL accepts a row whose check is NULL.
    """
    return (one & other) | (~one & ~other)


def finite_check(*fields: str, name: str) -> models.CheckConstraint:
    """Return a check that no time is 'infinity' or '-infinity', which Python cannot read."""
    conditions = (models.Q(IsFinite(field)) for field in fields)
    return models.CheckConstraint(condition=reduce(and_, conditions), name=name)
