"""Indexes and constraints on enum columns, as PostgreSQL prints them."""

from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint, Value
from django.db.models.functions import Coalesce

from tests.postgres.enums.helpdesk.enums import Urgency
from tests.postgres.enums.helpdesk.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("binding")]


def definition(function: str, catalog: str, name_column: str) -> str:
    """Return the definition of the index or constraint `thing`, as PostgreSQL prints it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(oid) FROM {catalog} WHERE {name_column} = 'thing'")
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (Index(fields=["-urgency"], name="thing"), "(urgency DESC)"),
        (Index(F("urgency").desc(), name="thing"), "(urgency DESC)"),
        (Index(F("urgency"), F("channel"), name="thing"), "(urgency, channel)"),
        (
            Index(Coalesce("former_urgency", "urgency"), name="thing"),
            "(COALESCE(former_urgency, urgency))",
        ),
        (
            Index(Coalesce("former_urgency", Value("low")), name="thing"),
            "(COALESCE(former_urgency, 'low'::urgency))",
        ),
        (
            Index(fields=["title"], condition=Q(urgency="low"), name="thing"),
            "(title) WHERE (urgency = 'low'::urgency)",
        ),
        (
            Index(fields=["title"], condition=Q(urgency__in=["low", Urgency.HIGH]), name="thing"),
            "(title) WHERE (urgency = ANY (ARRAY['low'::urgency, 'high'::urgency]))",
        ),
        (
            Index(fields=["title"], condition=Q(urgency=F("former_urgency")), name="thing"),
            "(title) WHERE (urgency = former_urgency)",
        ),
        (
            Index(fields=["title"], condition=~Q(urgency__gt="low"), name="thing"),
            "(title) WHERE (NOT (urgency > 'low'::urgency))",
        ),
    ],
    ids=lambda value: None if isinstance(value, str) else repr(value),
)
def test_index__is_on_the_enum(index: Index, expected: str) -> None:
    with connection.schema_editor() as editor:
        editor.add_index(Ticket, index)
    found = definition("pg_get_indexdef", "pg_class", "relname")
    assert found == f"CREATE INDEX thing ON public.helpdesk_ticket USING btree {expected}"


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (
            CheckConstraint(condition=Q(urgency__in=["low", "high"]), name="thing"),
            "CHECK ((urgency = ANY (ARRAY['low'::urgency, 'high'::urgency])))",
        ),
        (
            CheckConstraint(condition=Q(urgency__gte=F("former_urgency")), name="thing"),
            "CHECK ((urgency >= former_urgency))",
        ),
        (
            CheckConstraint(condition=Q(urgency__startswith="l"), name="thing"),
            "CHECK (((urgency)::text ~~ 'l%'::text))",
        ),
        (
            CheckConstraint(condition=~Q(title=F("urgency")), name="thing"),
            "CHECK ((NOT ((title)::text = (urgency)::text)))",
        ),
        (
            UniqueConstraint(fields=["urgency", "channel"], name="thing"),
            "UNIQUE (urgency, channel)",
        ),
    ],
    ids=lambda value: None if isinstance(value, str) else repr(value),
)
def test_constraint__casts_only_operands_that_meet_text(constraint: Any, expected: str) -> None:
    with connection.schema_editor() as editor:
        editor.add_constraint(Ticket, constraint)
    assert definition("pg_get_constraintdef", "pg_constraint", "conname") == expected


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (UniqueConstraint("urgency", "channel", name="thing"), "(urgency, channel)"),
        (
            UniqueConstraint(Coalesce("former_urgency", "urgency"), name="thing"),
            "(COALESCE(former_urgency, urgency))",
        ),
        (
            UniqueConstraint(fields=["urgency"], condition=Q(channel="phone"), name="thing"),
            "(urgency) WHERE (channel = 'phone'::channel)",
        ),
    ],
    ids=lambda value: None if isinstance(value, str) else repr(value),
)
def test_unique_expression__is_on_the_enum(constraint: UniqueConstraint, expected: str) -> None:
    with connection.schema_editor() as editor:
        editor.add_constraint(Ticket, constraint)
    found = definition("pg_get_indexdef", "pg_class", "relname")
    assert found == f"CREATE UNIQUE INDEX thing ON public.helpdesk_ticket USING btree {expected}"


def test_check_in_declared_order__refuses_the_row() -> None:
    with pytest.raises(IntegrityError, match='violates check constraint "ticket_phone_check"'):
        Ticket.objects.create(title="new", urgency="low", channel="phone")
