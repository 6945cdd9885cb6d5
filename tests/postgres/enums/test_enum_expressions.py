"""Expressions with enum columns. Their values are members or text."""

from typing import Any

import pytest
from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchVector
from django.db.models import (
    Case,
    CharField,
    Exists,
    Expression,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    Max,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Transform,
    Value,
    When,
    Window,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import (
    MD5,
    Cast,
    Coalesce,
    Collate,
    Concat,
    DenseRank,
    FirstValue,
    Greatest,
    JSONArray,
    JSONObject,
    Lag,
    LastValue,
    Lead,
    Least,
    Left,
    Length,
    Lower,
    LPad,
    NthValue,
    NullIf,
    Ord,
    Rank,
    Repeat,
    Replace,
    Reverse,
    Right,
    RPad,
    StrIndex,
    Substr,
    Trim,
    Upper,
)

from config.postgres.enums.field import EnumField
from tests.postgres.enums.helpdesk.enums import Channel, Urgency
from tests.postgres.enums.helpdesk.models import Policy, Ticket
from tests.postgres.enums.helpdesk.queries import name, titles, titles_of, values

pytestmark = pytest.mark.usefixtures("binding", "tickets")

LOW, MEDIUM, HIGH = Urgency
URGENCY = EnumField(Urgency)
IS_LOW = Q(urgency=LOW)
ITSELF = Subquery(Ticket.objects.filter(pk=OuterRef("pk")).values("urgency"))


class InitCap(Transform):
    function = "initcap"
    lookup_name = "initcap"


# A member equals its label, so their repr() is compared.


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (F("urgency"), [LOW, HIGH, MEDIUM, LOW]),
        (F("former_urgency"), [None, LOW, HIGH, LOW]),
        (F("top_urgency"), [LOW, LOW, HIGH, LOW]),
        (ITSELF, [LOW, HIGH, MEDIUM, LOW]),
        (Coalesce("former_urgency", "urgency"), [LOW, LOW, HIGH, LOW]),
        (Coalesce("former_urgency", Value("medium")), [MEDIUM, LOW, HIGH, LOW]),
        (Coalesce("former_urgency", Value(MEDIUM)), [MEDIUM, LOW, HIGH, LOW]),
        (Coalesce(Value(None), "urgency"), [LOW, HIGH, MEDIUM, LOW]),
        (Greatest("urgency", Value("medium")), [MEDIUM, HIGH, MEDIUM, MEDIUM]),
        (Greatest(Value("medium"), "urgency"), [MEDIUM, HIGH, MEDIUM, MEDIUM]),
        (Greatest("urgency", "former_urgency"), [LOW, HIGH, HIGH, LOW]),
        (Least("urgency", "former_urgency"), [LOW, LOW, MEDIUM, LOW]),
        (NullIf("urgency", Value("low")), [None, HIGH, MEDIUM, None]),
        (NullIf("urgency", "former_urgency"), [LOW, HIGH, MEDIUM, None]),
        (
            Case(When(channel="web", then="urgency"), default=Value("medium")),
            [LOW, MEDIUM, MEDIUM, LOW],
        ),
        (
            Case(When(channel="web", then=Value(HIGH)), default="former_urgency"),
            [HIGH, LOW, HIGH, HIGH],
        ),
        (Case(When(channel="email", then="urgency")), [None, HIGH, None, None]),
        (
            Case(
                When(IS_LOW, then=Value("low")),
                default=Value("high"),
                output_field=URGENCY,
            ),
            [LOW, HIGH, HIGH, LOW],
        ),
        (ExpressionWrapper(F("urgency"), output_field=URGENCY), [LOW, HIGH, MEDIUM, LOW]),
        (Cast(Value("low"), URGENCY), [LOW, LOW, LOW, LOW]),
        (Cast(Cast("urgency", TextField()), URGENCY), [LOW, HIGH, MEDIUM, LOW]),
        (Value(LOW, output_field=URGENCY), [LOW, LOW, LOW, LOW]),
        (RawSQL("urgency", (), output_field=URGENCY), [LOW, HIGH, MEDIUM, LOW]),
        (Coalesce(NullIf("urgency", Value("low")), "former_urgency"), [None, HIGH, MEDIUM, LOW]),
    ],
    ids=name,
)
def test_expression_of_one_enum__is_a_member(
    expression: Expression, expected: list[Urgency | None]
) -> None:
    assert repr(values(expression)) == repr(expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Upper("urgency"), ["LOW", "HIGH", "MEDIUM", "LOW"]),
        (Lower("urgency"), ["low", "high", "medium", "low"]),
        (Length("urgency"), [3, 4, 6, 3]),
        (Length("former_urgency"), [None, 3, 4, 3]),
        (Substr("urgency", 2, 2), ["ow", "ig", "ed", "ow"]),
        (Left("urgency", 1), ["l", "h", "m", "l"]),
        (Right("urgency", 1), ["w", "h", "m", "w"]),
        (LPad("urgency", 4, Value(".")), [".low", "high", "medi", ".low"]),
        (RPad("urgency", 4, Value(".")), ["low.", "high", "medi", "low."]),
        (Repeat("urgency", 2), ["lowlow", "highhigh", "mediummedium", "lowlow"]),
        (Replace("urgency", Value("o"), Value("00")), ["l00w", "high", "medium", "l00w"]),
        (Reverse("urgency"), ["wol", "hgih", "muidem", "wol"]),
        (StrIndex("urgency", Value("i")), [0, 2, 4, 0]),
        (Trim("urgency"), ["low", "high", "medium", "low"]),
        (Ord("urgency"), [108, 104, 109, 108]),
        (Left(MD5("urgency"), 4), ["53cc", "8d96", "075a", "53cc"]),
        (Collate("urgency", "C"), ["low", "high", "medium", "low"]),
        (Upper("top_urgency"), ["LOW", "LOW", "HIGH", "LOW"]),
        (Upper(ITSELF), ["LOW", "HIGH", "MEDIUM", "LOW"]),
        (Upper(Coalesce("former_urgency", "urgency")), ["LOW", "LOW", "HIGH", "LOW"]),
        (Upper(Value(LOW, output_field=URGENCY)), ["LOW", "LOW", "LOW", "LOW"]),
        (
            Concat("urgency", Value("-"), "channel"),
            ["low-web", "high-email", "medium-phone", "low-web"],
        ),
        (Concat("title", "former_urgency"), ["broken", "highlow", "slowhigh", "typolow"]),
        (
            Concat("body", "urgency", output_field=TextField()),
            ["low", "high", "medium", "low"],
        ),
        (Cast("urgency", TextField()), ["low", "high", "medium", "low"]),
        (Cast("urgency", CharField(max_length=2)), ["lo", "hi", "me", "lo"]),
        (Coalesce("former_urgency", Value("none")), ["none", "low", "high", "low"]),
        (Coalesce(NullIf("title", Value("high")), "urgency"), ["broken", "high", "slow", "typo"]),
        (Coalesce("former_urgency", "channel"), ["web", "low", "high", "low"]),
        (
            Coalesce(Value(None), ITSELF, Value("none"), output_field=CharField()),
            ["low", "high", "medium", "low"],
        ),
        (Greatest("urgency", "title"), ["low", "high", "slow", "typo"]),
        (Least("urgency", "channel"), ["low", "email", "medium", "low"]),
        (NullIf("title", "urgency"), ["broken", None, "slow", "typo"]),
        (
            Case(When(IS_LOW, then="urgency"), default="title"),
            ["low", "high", "slow", "low"],
        ),
        (
            Case(When(IS_LOW, then=Value("no hurry")), default="urgency"),
            ["no hurry", "high", "medium", "no hurry"],
        ),
        (
            Case(When(IS_LOW, then="urgency"), default="channel"),
            ["low", "email", "phone", "low"],
        ),
    ],
    ids=name,
)
def test_expression_with_text__is_text(expression: Expression, expected: list[Any]) -> None:
    assert repr(values(expression)) == repr(expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Func(F("urgency"), function="upper"), ["LOW", "HIGH", "MEDIUM", "LOW"]),
        (Func(F("urgency"), function="length", output_field=IntegerField()), [3, 4, 6, 3]),
        (
            Func(Value("%s!"), F("urgency"), function="format", output_field=CharField()),
            ["low!", "high!", "medium!", "low!"],
        ),
        (InitCap("urgency"), ["Low", "High", "Medium", "Low"]),
        (
            SearchHeadline("urgency", SearchQuery("low")),
            ["<b>low</b>", "high", "medium", "<b>low</b>"],
        ),
    ],
    ids=name,
)
def test_function_that_django_does_not_know__gets_text(
    expression: Expression, expected: list[Any]
) -> None:
    assert values(expression) == expected


def test_enum_function__gets_the_enum() -> None:
    last = Func(F("urgency"), function="enum_last", output_field=URGENCY)
    assert repr(values(last)) == repr([HIGH] * 4)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (JSONObject(urgency="urgency"), {"urgency": "medium"}),
        (
            JSONObject(urgency=Upper("urgency"), all="urgencies"),
            {"urgency": "MEDIUM", "all": ["medium"]},
        ),
        (JSONArray("urgency", "channel"), ["medium", "phone"]),
    ],
    ids=name,
)
def test_json_of_enums__holds_labels(expression: Expression, expected: Any) -> None:
    assert values(expression)[2] == expected


def test_filter_inside_json_of_enums__finds_rows() -> None:
    tickets = Ticket.objects.alias(document=JSONObject(urgency="urgency"))
    assert titles_of(tickets.filter(document__urgency="high")) == ["high"]


@pytest.mark.parametrize(
    ("vector", "found"),
    [
        (SearchVector("title", "urgency"), ["broken", "typo"]),
        (SearchVector("urgency") + SearchVector("channel"), ["broken", "typo"]),
    ],
)
def test_full_text_search__reads_labels(vector: SearchVector, found: list[str]) -> None:
    tickets = Ticket.objects.alias(document=vector).filter(document=SearchQuery("low"))
    assert titles_of(tickets) == found


@pytest.mark.parametrize("lookup", ["urgency__search", "title__search"])
def test_search_lookup__reads_labels(lookup: str) -> None:
    assert titles(**{lookup: "high"}) == ["high"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Coalesce(Window(Lag("urgency"), order_by="title"), Value("-")), ["-", LOW, HIGH, MEDIUM]),
        (Coalesce(F("urgencies__0"), Value("-")), ["-", LOW, MEDIUM, "-"]),
        (Case(When(IS_LOW, then=ITSELF), default=Value("-")), [LOW, "-", "-", LOW]),
    ],
    ids=["window", "item of an array", "subquery"],
)
def test_expression_that_may_be_text__has_the_labels(
    expression: Expression, expected: list[str]
) -> None:
    assert values(expression) == expected


# Conditions


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (IS_LOW, [True, False, False, True]),
        (Q(urgency__gt="low"), [False, True, True, False]),
        (Q(urgency=F("title")), [False, True, False, False]),
        (Case(When(urgency__in=["low"], then=1), default=0), [1, 0, 0, 1]),
        (Exists(Policy.objects.filter(urgency=OuterRef("urgency"))), [False] * 4),
        (
            Case(When(title="slow", then=Exists(Ticket.objects.values("urgency"))), default=False),
            [False, False, True, False],
        ),
    ],
    ids=name,
)
def test_condition__is_true_or_false(expression: Any, expected: list[Any]) -> None:
    assert values(expression) == expected


# Windows


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Window(Lag("urgency"), order_by="title"), [None, LOW, HIGH, MEDIUM]),
        (Window(Lag("urgency", default=Value("low")), order_by="title"), [LOW, LOW, HIGH, MEDIUM]),
        (Window(Lead("urgency"), order_by="title"), [HIGH, MEDIUM, LOW, None]),
        (Window(FirstValue("urgency"), order_by="-urgency"), [HIGH, HIGH, HIGH, HIGH]),
        (Window(LastValue("urgency"), partition_by="channel"), [LOW, HIGH, MEDIUM, LOW]),
        (Window(NthValue("urgency", 2), order_by="title"), [None, HIGH, HIGH, HIGH]),
        (Window(Max("urgency")), [HIGH, HIGH, HIGH, HIGH]),
        (Window(Max("former_urgency"), partition_by="urgency"), [LOW, LOW, HIGH, LOW]),
    ],
    ids=name,
)
def test_window_over_enum__is_a_member(expression: Window, expected: list[Urgency | None]) -> None:
    assert repr(values(expression)) == repr(expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Window(Rank(), order_by="urgency"), [1, 4, 3, 1]),
        (Window(DenseRank(), order_by=F("urgency").desc()), [3, 1, 2, 3]),
        (Upper(Window(Lag("urgency"), order_by="title")), [None, "LOW", "HIGH", "MEDIUM"]),
    ],
    ids=name,
)
def test_window_with_text__is_text(expression: Expression, expected: list[Any]) -> None:
    assert repr(values(expression)) == repr(expected)


def test_filter_by_window__finds_rows() -> None:
    tickets = Ticket.objects.annotate(before=Window(Lag("urgency"), order_by="title"))
    assert titles_of(tickets.filter(before=Urgency.HIGH)) == ["slow"]


def test_two_enums__are_not_mixed_up() -> None:
    assert repr(values(Coalesce("channel", Value("web")))) == repr(
        [Channel.WEB, Channel.EMAIL, Channel.PHONE, Channel.WEB]
    )
