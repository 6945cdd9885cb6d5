"""Messages for violated constraints, each with the field at which a form shows it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, OperationalError, models
from django.db.models import F, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact
from psycopg.errors import ProgramLimitExceeded

from config.admin.positions import is_position, why_taken
from config.console import driver_error
from config.postgres import VISIBLE, IsFinite, JSONTypeof
from config.postgres.citus import MovedRowError

TOO_LONG = "This is more than PostgreSQL can store or index here. Shorten it."


class Violation(NamedTuple):
    """The message for a violated constraint, and the field at which a form shows it, if any."""

    field: str | None
    message: str


def violation_of(
    constraint: models.BaseConstraint, model: type[models.Model], row: models.Model | None = None
) -> Violation:
    """Return the message for a violation of `constraint`, by `row` or by an unknown row.

    The message is declared in the admin of `model` (`violations`) or composed from the constraint.
    """
    model_admin = admin.site.get_model_admin(model)
    declared: dict[str, tuple[str, str]] = getattr(model_admin, "violations", {})
    if constraint.name in declared:
        return Violation(*declared[constraint.name])
    if is_position(constraint) and row is not None:
        return Violation(constraint.fields[-1], why_taken(constraint, row))
    if isinstance(constraint, models.UniqueConstraint):
        message = model().unique_error_message(model, constraint.fields).messages[0]
        return Violation(constraint.fields[-1], message)
    condition = getattr(constraint, "condition", None)
    return Violation(_first_field(condition), f"The value must be {_in_words(condition)}.")


def violated(
    instance: models.Model, constraints: Iterable[models.BaseConstraint], exclude: set[str]
) -> Iterator[models.BaseConstraint]:
    """Yield the constraints that `instance` violates, except those on the fields in `exclude`.

    Each constraint takes a query. If no check is violated, all checks together take one query.
    """
    wanted = list(constraints)
    checks = [item for item in wanted if isinstance(item, models.CheckConstraint)]
    # Django skips a check that names an excluded field, so it skips all checks if they are joined.
    if checks and not exclude and _meets_all(instance, checks):
        wanted = [item for item in wanted if item not in checks]
    for constraint in wanted:
        if not _meets(instance, constraint, exclude):
            yield constraint


def _meets_all(instance: models.Model, checks: Iterable[models.CheckConstraint]) -> bool:
    """Return whether PostgreSQL can compute all checks and finds none of them violated.

    Django counts a check as met if PostgreSQL cannot compute it, for example because a sum is out
    of range. So validate the negation of all checks: it is met if a check is violated or cannot be
    computed.
    """
    conditions = Q(*(item.condition for item in checks))
    all_met = Coalesce(conditions, True, output_field=models.BooleanField())
    negation = models.CheckConstraint(condition=~Q(all_met), name="any")
    return not _meets(instance, negation, set())


def _meets(instance: models.Model, constraint: models.BaseConstraint, exclude: set[str]) -> bool:
    try:
        constraint.validate(type(instance), instance, exclude=exclude)
    except ValidationError:
        return False
    return True


def refused(
    error: DataError | IntegrityError | OperationalError | MovedRowError,
    model: type[models.Model],
    data: Mapping[str, str],
) -> Violation:
    """Return the violation for an error that was raised when a form was saved.

    Raise the error again if the values are not its cause.
    """
    if isinstance(driver_error(error), ProgramLimitExceeded):
        return Violation(_longest_input(data), TOO_LONG)
    if isinstance(error, OperationalError):
        raise error
    if isinstance(error, MovedRowError):
        return Violation(None, str(error))
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
    constraints = model._meta.constraints if isinstance(error, IntegrityError) else []
    for constraint in constraints:
        # On a cluster, the number of the shard follows the name.
        if re.fullmatch(rf"{re.escape(constraint.name)}(_\d+)?", name):
            return violation_of(constraint, model)
    return Violation(None, f"PostgreSQL refused the values: {str(error).splitlines()[0]}.")


def _longest_input(data: Mapping[str, str]) -> str:
    typed = [name for name in data if not name.startswith("_")]
    return max(typed, key=lambda name: len(data[name]), default="")


def _in_words(condition: Any) -> str:
    words = [text for lookup in _lookups(condition) if (text := _words(lookup))]
    return " and ".join(dict.fromkeys(words)) or "something else"


def _words(lookup: Any) -> str:
    if isinstance(lookup, IsFinite):
        return "a time, not infinity"
    if isinstance(lookup, Exact) and isinstance(lookup.lhs, JSONTypeof):
        return f"a JSON {lookup.rhs}"
    path, value = lookup
    operator = path.rpartition("__")[2]
    if isinstance(value, Combinable):
        return ""
    if operator == "regex":
        return "text with a visible character" if value == VISIBLE else ""
    if operator == "range":
        return f"from {value[0]} to {value[1]}"
    return {"gte": f"{value} or more", "gt": f"more than {value}"}.get(operator, "")


def _lookups(condition: Any) -> Iterator[Any]:
    for part in getattr(condition, "children", ()):
        if isinstance(part, Q):
            yield from _lookups(part)
        else:
            yield part


def _first_field(condition: Any) -> str | None:
    lookup = next(_lookups(condition), None)
    if isinstance(lookup, tuple):
        return str(lookup[0]).partition("__")[0]
    while lookup is not None and not isinstance(lookup, F):
        lookup = lookup.get_source_expressions()[0]
    return getattr(lookup, "name", None)
