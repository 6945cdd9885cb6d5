"""What the tests of enum columns ask about the tickets."""

import re
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.expressions import Combinable

from tests.postgres.enums.helpdesk.models import Ticket


def titles(*conditions: Q | Combinable, **lookups: Any) -> list[str]:
    """The titles of the tickets for which all of it holds."""
    return titles_of(Ticket.objects.filter(*conditions, **lookups))


def titles_of(tickets: QuerySet[Any, Any]) -> list[str]:
    return list(tickets.order_by("title").values_list("title", flat=True))


def values(expression: Combinable | str) -> list[Any]:
    """What `expression` is for each ticket, in the order of their titles."""
    return list(Ticket.objects.order_by("title").values_list(expression, flat=True))


def name(value: Any) -> str:
    """A test's name for `value`: the same in each process, which addresses are not."""
    return re.sub(r" at 0x\w+", "", str(value))
