"""Aggregates of enum columns, and groups by them."""

from typing import Any

import pytest
from django.contrib.postgres.aggregates import ArrayAgg, JSONBAgg
from django.db import connection
from django.db.models import (
    Aggregate,
    AnyValue,
    Case,
    CharField,
    Count,
    Expression,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    StringAgg,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat, Length, Upper

from tests.postgres.enums.helpdesk.enums import Channel, Urgency
from tests.postgres.enums.helpdesk.models import Comment, Policy, Ticket
from tests.postgres.enums.helpdesk.queries import name, titles_of

pytestmark = pytest.mark.usefixtures("binding", "tickets")

LOW, MEDIUM, HIGH = Urgency
COMMA = Value(",")
NOBODY = Q(title="nobody")


def aggregated(expression: Any, tickets: Any = Ticket.objects) -> Any:
    return tickets.aggregate(result=expression)["result"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Max("urgency"), HIGH),
        (Min("urgency"), LOW),
        (Max("top_urgency"), HIGH),
        (Max("urgencies__0"), MEDIUM),
        (Max("urgency", filter=Q(urgency__lt="high")), MEDIUM),
        (Max("urgency", filter=NOBODY), None),
        (Max("urgency", filter=NOBODY, default=Value("low")), LOW),
        (Max("urgency", filter=NOBODY, default="low"), LOW),
        (Max("urgency", filter=NOBODY, default=LOW), LOW),
        (Max(Coalesce("former_urgency", "urgency")), HIGH),
        (Coalesce(Max("urgency", filter=NOBODY), Value("medium")), MEDIUM),
        (ArrayAgg("urgency", order_by="title"), [LOW, HIGH, MEDIUM, LOW]),
        (ArrayAgg("urgency", order_by="-urgency"), [HIGH, MEDIUM, LOW, LOW]),
        (ArrayAgg("urgency", distinct=True, order_by="urgency"), [LOW, MEDIUM, HIGH]),
        (ArrayAgg("former_urgency", order_by="title"), [None, LOW, HIGH, LOW]),
        (ArrayAgg("urgency", filter=Q(urgency="low")), [LOW, LOW]),
        (ArrayAgg("urgency", filter=NOBODY, default=Value([])), []),
        (ArrayAgg("top_urgency", order_by="title"), [LOW, LOW, HIGH, LOW]),
    ],
    ids=name,
)
def test_aggregate_of_one_enum__is_members(expression: Expression, expected: Any) -> None:
    assert repr(aggregated(expression)) == repr(expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Count("former_urgency"), 3),
        (Count("urgency", distinct=True), 3),
        (Count("pk", filter=Q(urgency="low")), 2),
        (Count("pk", filter=Q(urgency__gt="low", channel="phone")), 1),
        (Count(Case(When(urgency="low", then=1))), 2),
        (Sum(Case(When(urgency__in=["low", "high"], then=1), default=0)), 3),
        (Sum(Length("urgency")), 16),
        (Max(Upper("urgency")), "MEDIUM"),
        (Upper(Max("urgency")), "HIGH"),
        (Concat(Min("urgency"), Value("-"), Max("urgency")), "low-high"),
        (Coalesce(Max("urgency", filter=NOBODY), Value("none")), "none"),
        (Max(Coalesce("former_urgency", Value("none"))), "none"),
        (StringAgg("urgency", COMMA, order_by="title"), "low,high,medium,low"),
        (StringAgg("urgency", COMMA, order_by="urgency"), "low,low,medium,high"),
        (StringAgg("urgency", COMMA, order_by="-urgency"), "high,medium,low,low"),
        (StringAgg("urgency", COMMA, distinct=True), "high,low,medium"),
        # DISTINCT compares text, and PostgreSQL sorts by the compared value.
        (StringAgg("urgency", COMMA, distinct=True, order_by="urgency"), "high,low,medium"),
        (StringAgg("former_urgency", COMMA, filter=Q(urgency="low")), "low"),
        (StringAgg("urgency", COMMA, filter=NOBODY, default=Value("none")), "none"),
        (StringAgg(Upper("urgency"), COMMA, order_by="title"), "LOW,HIGH,MEDIUM,LOW"),
        (StringAgg("title", F("urgency"), order_by="title"), "brokenhighhighmediumslowlowtypo"),
        (StringAgg("title", COMMA, order_by=["urgency", "title"]), "broken,typo,slow,high"),
        (ArrayAgg(Upper("urgency"), order_by="title"), ["LOW", "HIGH", "MEDIUM", "LOW"]),
        (
            ArrayAgg(Coalesce("former_urgency", Value("none")), order_by="title"),
            ["none", "low", "high", "low"],
        ),
        (JSONBAgg("urgency", order_by="title"), ["low", "high", "medium", "low"]),
    ],
    ids=name,
)
def test_aggregate_with_text__is_text(expression: Expression, expected: Any) -> None:
    assert repr(aggregated(expression)) == repr(expected)


@pytest.mark.parametrize(
    "expression", [Coalesce("former_urgency", "urgency"), F("top_urgency"), F("x")], ids=name
)
def test_array_agg_of_expression__has_the_labels(expression: Any) -> None:
    tickets = Ticket.objects.annotate(x=Coalesce("former_urgency", "urgency"))
    all_of_it = ArrayAgg(expression, order_by="title")
    assert aggregated(all_of_it, tickets) == ["low", "low", "high", "low"]


def test_any_value__is_a_member() -> None:
    if not connection.features.supports_any_value:
        pytest.skip("any_value() came with PostgreSQL 16")
    assert repr(aggregated(AnyValue("urgency", filter=Q(title="slow")))) == repr(MEDIUM)


def test_upper_of_any_value__is_text() -> None:
    if not connection.features.supports_any_value:
        pytest.skip("any_value() came with PostgreSQL 16")
    assert aggregated(Upper(AnyValue("urgency", filter=Q(title="slow")))) == "MEDIUM"


def test_custom_aggregate__gets_the_enum() -> None:
    most_frequent = Aggregate(
        F("urgency"),
        template="mode() WITHIN GROUP (ORDER BY %(expressions)s)",
        output_field=CharField(),
    )
    assert aggregated(most_frequent) == "low"


def test_aggregate_over_slice__is_a_member() -> None:
    lowest_three = Ticket.objects.order_by("urgency")[:3]
    assert repr(aggregated(Max("urgency"), lowest_three)) == repr(MEDIUM)


def test_aggregate_over_subquery__is_a_member() -> None:
    itself = Subquery(Ticket.objects.filter(pk=OuterRef("pk")).values("urgency"))
    assert repr(aggregated(Max("x"), Ticket.objects.annotate(x=itself))) == repr(HIGH)


# Groups


@pytest.mark.parametrize(
    ("expression", "groups"),
    [
        (F("urgency"), [(LOW, 2), (MEDIUM, 1), (HIGH, 1)]),
        (F("former_urgency"), [(LOW, 2), (HIGH, 1), (None, 1)]),
        (F("urgencies"), [([], 2), ([LOW, HIGH], 1), ([MEDIUM], 1)]),
        (Coalesce("former_urgency", Value("medium")), [(LOW, 2), (MEDIUM, 1), (HIGH, 1)]),
        (Coalesce("former_urgency", Value("none")), [("high", 1), ("low", 2), ("none", 1)]),
        (Upper("urgency"), [("HIGH", 1), ("LOW", 2), ("MEDIUM", 1)]),
        (
            Case(When(urgency="low", then=Value("later")), default="urgency"),
            [("high", 1), ("later", 2), ("medium", 1)],
        ),
        (
            Case(When(urgency="low", then=Value("high")), default="urgency"),
            [(MEDIUM, 1), (HIGH, 3)],
        ),
        (Concat("urgency", "channel"), [("highemail", 1), ("lowweb", 2), ("mediumphone", 1)]),
        (Q(urgency="low"), [(False, 2), (True, 2)]),
        (
            Subquery(Ticket.objects.filter(pk=OuterRef("pk")).values("urgency")),
            [(LOW, 2), (MEDIUM, 1), (HIGH, 1)],
        ),
    ],
    ids=name,
)
def test_group_by_expression__counts_rows(expression: Any, groups: list[Any]) -> None:
    rows = Ticket.objects.values(x=expression).annotate(n=Count("pk")).order_by("x")
    assert repr(list(rows.values_list("x", "n"))) == repr(groups)


def test_group_by_column__counts_rows() -> None:
    rows = Ticket.objects.values("urgency").annotate(Count("pk")).order_by("urgency")
    assert list(rows) == [
        {"urgency": LOW, "pk__count": 2},
        {"urgency": MEDIUM, "pk__count": 1},
        {"urgency": HIGH, "pk__count": 1},
    ]


def test_group_by_two_enums__counts_rows() -> None:
    rows = Ticket.objects.values("channel", "urgency").annotate(n=Count("pk"))
    assert list(rows.order_by("channel").values_list("channel", "urgency", "n")) == [
        (Channel.WEB, LOW, 2),
        (Channel.PHONE, MEDIUM, 1),
        (Channel.EMAIL, HIGH, 1),
    ]


def test_group_by_other_column__aggregates_members() -> None:
    rows = Ticket.objects.values("channel").annotate(
        top=Max("urgency"), all=ArrayAgg("urgency", order_by="urgency")
    )
    assert repr(list(rows.order_by("channel").values_list("channel", "top", "all"))) == repr(
        [
            (Channel.WEB, LOW, [LOW, LOW]),
            (Channel.PHONE, MEDIUM, [MEDIUM]),
            (Channel.EMAIL, HIGH, [HIGH]),
        ]
    )


# Conditions on aggregates


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (Q(last="email"), ["high"]),
        (Q(last__gt="web"), ["broken", "high"]),
        (Q(last__in=["web", "phone"]), ["broken"]),
        (Q(last__contains="a"), ["high"]),
        (Q(last=F("channel")), ["high"]),
        (Q(last=F("title")), []),
        (Q(all__contains=["web"]), ["broken"]),
        (Q(all__len=2), ["broken"]),
        (Q(all__overlap=["web", "email"]), ["broken", "high"]),
    ],
    ids=name,
)
def test_filter_by_aggregate__finds_rows(condition: Q, found: list[str]) -> None:
    broken, high = Ticket.objects.filter(title__in=["broken", "high"]).order_by("title")
    Comment.objects.create(ticket=broken, channel="web")
    Comment.objects.create(ticket=broken, channel="phone")
    Comment.objects.create(ticket=high, channel="email")
    tickets = Ticket.objects.annotate(
        last=Max("comments__channel"), all=ArrayAgg("comments__channel")
    )
    assert titles_of(tickets.filter(condition)) == found


def test_aggregate_over_reverse_relation__is_a_member() -> None:
    policy = Policy.objects.create(urgency="high", hours=4)
    Ticket.objects.filter(title="slow").update(policy=policy)
    top = Policy.objects.annotate(top=Max("ticket__urgency")).values_list("top", flat=True)
    assert repr(list(top)) == repr([MEDIUM])
