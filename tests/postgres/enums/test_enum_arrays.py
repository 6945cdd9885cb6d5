"""Array columns of an enum, through the ORM and through a cursor."""

from typing import Any

import pytest
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.migrations.state import ProjectState
from django.db.models import (
    Case,
    CharField,
    F,
    Func,
    IntegerField,
    OuterRef,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Upper
from pytest_django import DjangoDbBlocker

from config.postgres.enums.field import EnumField
from config.postgres.enums.operations import CreateEnum
from tests.postgres.enums.helpdesk.enums import Urgency
from tests.postgres.enums.helpdesk.models import Ticket
from tests.postgres.enums.helpdesk.queries import name, titles, values

LOW, MEDIUM, HIGH = Urgency
EMPTY: list[Urgency] = []

with_tickets = pytest.mark.usefixtures("binding", "tickets")
ITSELF = Ticket.objects.filter(pk=OuterRef("pk"))


@with_tickets
@pytest.mark.parametrize(
    ("lookup", "value", "found"),
    [
        ("urgencies", ["medium"], ["slow"]),
        ("urgencies", [], ["broken", "typo"]),
        ("urgencies__in", [[MEDIUM], []], ["broken", "slow", "typo"]),
        ("urgencies__contains", ["low"], ["high"]),
        ("urgencies__contains", [HIGH, LOW], ["high"]),
        ("urgencies__contained_by", ["medium", "high"], ["broken", "slow", "typo"]),
        ("urgencies__overlap", ["medium", HIGH], ["high", "slow"]),
        ("urgencies__len", 2, ["high"]),
        ("urgencies__0", "low", ["high"]),
        ("urgencies__0", MEDIUM, ["slow"]),
        ("urgencies__0__gt", "low", ["slow"]),
        ("urgencies__0__in", ["low", MEDIUM], ["high", "slow"]),
        ("urgencies__0__contains", "ed", ["slow"]),
        ("urgencies__0__iexact", "LOW", ["high"]),
        ("urgencies__0_1", ["low"], ["high"]),
        ("urgencies__isnull", True, []),
        ("urgencies__contains", [F("urgency")], ["high", "slow"]),
        ("urgencies__0", F("urgency"), ["slow"]),
        ("urgencies__0", F("former_urgency"), ["high"]),
        ("urgencies__0", F("title"), []),
        ("urgency", F("urgencies__0"), ["slow"]),
        ("urgencies", F("urgencies"), ["broken", "high", "slow", "typo"]),
        ("urgencies__overlap", Ticket.objects.filter(title="slow").values("urgencies"), ["slow"]),
    ],
    ids=lambda value: "subquery" if hasattr(value, "query") else name(value),
)
def test_filter_by_array__finds_rows(lookup: str, value: Any, found: list[str]) -> None:
    assert titles(**{lookup: value}) == found


@with_tickets
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (F("urgencies"), [EMPTY, [LOW, HIGH], [MEDIUM], EMPTY]),
        (F("urgencies__0"), [None, LOW, MEDIUM, None]),
        (F("urgencies__0_1"), [EMPTY, [LOW], [MEDIUM], EMPTY]),
        (Coalesce("urgencies__0", "former_urgency"), [None, LOW, MEDIUM, LOW]),
        (Coalesce("urgencies", Value([])), [EMPTY, [LOW, HIGH], [MEDIUM], EMPTY]),
        (
            Case(When(title="typo", then=Value(["high"])), default="urgencies"),
            [EMPTY, [LOW, HIGH], [MEDIUM], [HIGH]],
        ),
        (Cast(Value(["low"]), ArrayField(EnumField(Urgency))), [[LOW]] * 4),
        (ArraySubquery(ITSELF.values("urgency")), [[LOW], [HIGH], [MEDIUM], [LOW]]),
        (ArraySubquery(ITSELF.values("former_urgency")), [[None], [LOW], [HIGH], [LOW]]),
        (
            Coalesce(ArraySubquery(ITSELF.values("urgency")), Value([])),
            [[LOW], [HIGH], [MEDIUM], [LOW]],
        ),
        (Subquery(ITSELF.values("urgencies")), [EMPTY, [LOW, HIGH], [MEDIUM], EMPTY]),
        (
            Func(
                F("urgencies"),
                F("urgency"),
                function="array_append",
                output_field=ArrayField(EnumField(Urgency)),
            ),
            [[LOW], [LOW, HIGH, HIGH], [MEDIUM, MEDIUM], [LOW]],
        ),
        (
            Func(F("urgency"), function="enum_range", output_field=ArrayField(EnumField(Urgency))),
            [[LOW, MEDIUM, HIGH]] * 4,
        ),
    ],
    ids=name,
)
def test_array_of_enum__has_members(expression: Any, expected: list[Any]) -> None:
    assert repr(values(expression)) == repr(expected)


@with_tickets
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Cast("urgencies", ArrayField(TextField())), [[], ["low", "high"], ["medium"], []]),
        (Upper("urgencies__0"), [None, "LOW", "MEDIUM", None]),
        (
            Func(F("urgencies"), Value("+"), function="array_to_string", output_field=CharField()),
            ["", "low+high", "medium", ""],
        ),
        (
            Func(
                F("urgencies"), F("urgency"), function="array_position", output_field=IntegerField()
            ),
            [None, 2, 1, None],
        ),
        (
            ArraySubquery(ITSELF.values(x=Upper("urgency"))),
            [["LOW"], ["HIGH"], ["MEDIUM"], ["LOW"]],
        ),
    ],
    ids=name,
)
def test_function_of_array__has_its_own_type(expression: Any, expected: list[Any]) -> None:
    assert repr(values(expression)) == repr(expected)


@with_tickets
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([LOW, "high"], [LOW, HIGH]),
        ([], EMPTY),
        (F("urgencies"), [MEDIUM]),
        (Value(["low"]), [LOW]),
        (Func(F("urgencies"), F("urgency"), function="array_append"), [MEDIUM, MEDIUM]),
        (
            ArraySubquery(Ticket.objects.order_by("title").values("urgency")),
            [LOW, HIGH, MEDIUM, LOW],
        ),
    ],
    ids=name,
)
def test_update_of_array__stores_labels(value: Any, expected: list[Urgency]) -> None:
    Ticket.objects.update(urgencies=value)
    assert repr(Ticket.objects.get(title="slow").urgencies) == repr(expected)


@with_tickets
def test_bulk_update_of_array__stores_labels() -> None:
    tickets = list(Ticket.objects.order_by("title"))
    for ticket, urgencies in zip(tickets, [[], ["low"], [HIGH, "low"], []], strict=True):
        ticket.urgencies = urgencies
    Ticket.objects.bulk_update(tickets, ["urgencies"])
    assert repr(values("urgencies")) == repr([[], [LOW], [HIGH, LOW], []])


@with_tickets
def test_update_of_array_with_an_unknown_label__raises() -> None:
    message = (
        r"^Field 'urgencies' expected one of the labels of enum type 'urgency' "
        r"\(low, medium, high\) but got 'nobody'\.$"
    )
    with pytest.raises(ValueError, match=message):
        Ticket.objects.update(urgencies=["low", "nobody"])


# Cursors


def fetched(sql: str, *params: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]


@pytest.mark.django_db
@pytest.mark.usefixtures("binding")
@pytest.mark.parametrize(
    ("array", "expected"),
    [
        ("'{low,high}'", ["low", "high"]),
        ("'{}'", []),
        ("NULL", None),
        ("ARRAY[NULL, 'low']", [None, "low"]),
        ("ARRAY[['low'], ['high']]", [["low"], ["high"]]),
    ],
)
def test_array_in_a_cursor__is_a_list(array: str, expected: Any) -> None:
    assert fetched(f"SELECT {array}::urgency[]") == expected


@with_tickets
def test_array_agg_in_a_cursor__is_a_list() -> None:
    sql = "SELECT array_agg(urgency ORDER BY urgency DESC) FROM helpdesk_ticket"
    assert fetched(sql) == ["high", "medium", "low", "low"]


@with_tickets
def test_members_as_parameters__are_labels() -> None:
    sql = "SELECT count(*) FROM helpdesk_ticket WHERE urgency = %s OR urgency = ANY (%s)"
    assert fetched(sql, HIGH, [LOW]) == 3


@pytest.mark.usefixtures("binding", "committed_tickets")
def test_array_after_a_reconnect__is_a_list_of_members(django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        connection.close()
        assert repr(Ticket.objects.get(title="high").urgencies) == repr([LOW, HIGH])
        sql = "SELECT urgencies FROM helpdesk_ticket WHERE title = 'high'"
        assert fetched(sql) == ["low", "high"]


@pytest.mark.django_db
@pytest.mark.usefixtures("binding")
def test_array_of_a_type_created_after_connecting__is_a_list() -> None:
    state = ProjectState()
    with connection.schema_editor() as editor:
        CreateEnum("mood", ["happy"]).database_forwards("helpdesk", editor, state, state)
    assert fetched("SELECT ARRAY['happy']::mood[]") == ["happy"]


@pytest.mark.django_db
@pytest.mark.usefixtures("binding")
def test_array_on_a_pooled_connection__is_a_list() -> None:
    pooled: Any = connection.copy()
    pooled.settings_dict["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 1}
    try:
        with pooled.cursor() as cursor:
            cursor.execute("SELECT '{low}'::urgency[]")
            assert cursor.fetchone() == (["low"],)
    finally:
        pooled.close()
        pooled.close_pool()
