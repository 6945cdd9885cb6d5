"""Check constraints and conditions that several tables share."""

from decimal import Decimal
from functools import reduce
from operator import and_

from django.db import models
from django.db.models.lookups import Exact

# The largest numeric(10, 2). This upper bound also refuses NaN, because PostgreSQL sorts NaN above
# all numbers.
LARGEST_AMOUNT = Decimal("99999999.99")

INVISIBLE = (
    r"\u0001-\u0020\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f"
    r"\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0"
    r"\ufff0-\ufffc\U00016fe4\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff"
)
"""Characters that cannot be seen, as ranges for regular expressions of PostgreSQL and Python.

The ranges are Unicode's white space, control characters and default ignorable code points, and the
blanks of Braille, Khitan and musical notation. They need a database in UTF-8, because PostgreSQL
compares code points of the database's encoding. PostgreSQL's `\\s` depends on the locale.
"""
VISIBLE = f"[^{INVISIBLE}]"
"""The regular expression of a character that can be seen."""


class JSONTypeof(models.Func):
    """The type of a JSON value: object, array, string, number, boolean or null."""

    function = "jsonb_typeof"
    output_field = models.TextField()


class IsFinite(models.Func):
    """A test that a time is neither 'infinity' nor '-infinity'."""

    # full_clean() checks values instead of columns. A NULL among them needs a type.
    template = "isfinite((%(expressions)s)::timestamptz)"
    output_field = models.BooleanField()


def json_check(
    field: str, shape: str = "object", *, null: bool = False, name: str
) -> models.CheckConstraint:
    """Return a check that the JSON type of `field` is `shape`. The check refuses JSON's null."""
    condition = models.Q(Exact(JSONTypeof(field), shape))
    if null:  # PostgreSQL accepts NULL anyway, but full_clean() treats None as JSON's null.
        condition |= models.Q((f"{field}__isnull", True))
    return models.CheckConstraint(condition=condition, name=name)


def not_blank(field: str) -> models.Q:
    """Return the condition that the text has a visible character."""
    return models.Q((f"{field}__regex", VISIBLE))


def not_blank_check(field: str, *, optional: bool = False, name: str) -> models.CheckConstraint:
    """Return a check that the text has a visible character or, if `optional`, is empty."""
    condition = not_blank(field)
    if optional:
        condition |= models.Q((field, ""))
    return models.CheckConstraint(condition=condition, name=name)


def exactly_when(one: models.Q, other: models.Q) -> models.Q:
    """Return the condition that `one` and `other` are both true or both false.

    Neither condition may be NULL, because PostgreSQL accepts a row if its check is NULL.
    """
    return (one & other) | (~one & ~other)


def finite_check(*fields: str, name: str) -> models.CheckConstraint:
    """Return a check that all `fields` are finite, because datetime has no infinity."""
    conditions = (models.Q(IsFinite(field)) for field in fields)
    return models.CheckConstraint(condition=reduce(and_, conditions), name=name)
