"""Queries on tickets that several tests share."""

import re
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.expressions import Combinable

from tests.postgres.enums.helpdesk.models import Ticket


def titles(*conditions: Q | Combinable, **lookups: Any) -> list[str]:
    """Return the titles of the tickets that meet all conditions."""
    return titles_of(Ticket.objects.filter(*conditions, **lookups))


def titles_of(tickets: QuerySet[Any, Any]) -> list[str]:
    return list(tickets.order_by("title").values_list("title", flat=True))


def values(expression: Combinable | str) -> list[Any]:
    """Return the value of `expression` for each ticket, in the order of their titles."""
    return list(Ticket.objects.order_by("title").values_list(expression, flat=True))


def name(value: Any) -> str:
    """Return a test id for `value` without addresses, because these differ between processes."""
    return re.sub(r" at 0x\w+", "", str(value))
