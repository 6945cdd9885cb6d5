"""Enum columns in orders, set operations, subqueries and joins."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    FilteredRelation,
    Max,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Concat, Length, Upper

from tests.postgres.enums.helpdesk.enums import Channel, Urgency
from tests.postgres.enums.helpdesk.models import Comment, Policy, Ticket
from tests.postgres.enums.helpdesk.queries import name, titles, titles_of, values

pytestmark = pytest.mark.usefixtures("binding", "tickets")

LOW, MEDIUM, HIGH = Urgency
WEB, PHONE, EMAIL = Channel


def column(expression: Any, **conditions: Any) -> QuerySet[Ticket, Any]:
    return Ticket.objects.filter(**conditions).values_list(expression)


def flat(rows: QuerySet[Any, Any]) -> list[Any]:
    """Return the only column of `rows`, in alphabetical order."""
    return sorted((value for (value,) in rows), key=str)


# Order


@pytest.mark.parametrize(
    ("order", "ordered"),
    [
        (["urgency", "title"], ["broken", "typo", "slow", "high"]),
        (["-urgency", "title"], ["high", "slow", "broken", "typo"]),
        ([F("former_urgency").asc(nulls_first=True), "title"], ["broken", "high", "typo", "slow"]),
        ([F("former_urgency").desc(nulls_last=True), "title"], ["slow", "high", "typo", "broken"]),
        (["top_urgency", "-title"], ["typo", "high", "broken", "slow"]),
        (
            [Coalesce("former_urgency", Value("medium")), "title"],
            ["high", "typo", "broken", "slow"],
        ),
        ([Coalesce("former_urgency", Value("none")), "title"], ["slow", "high", "typo", "broken"]),
        ([Upper("urgency"), "title"], ["high", "broken", "typo", "slow"]),
        ([Length("urgency").desc(), "title"], ["slow", "high", "broken", "typo"]),
        (
            [Case(When(urgency="high", then=0), default=1), "title"],
            ["high", "broken", "slow", "typo"],
        ),
        (["channel", "title"], ["broken", "typo", "slow", "high"]),
    ],
    ids=name,
)
def test_order_by__is_the_declared_order_of_members(order: list[Any], ordered: list[str]) -> None:
    tickets = Ticket.objects.order_by(*order)
    assert list(tickets.values_list("title", flat=True)) == ordered


def test_reversed_order__is_the_declared_order_backwards() -> None:
    tickets = Ticket.objects.order_by("urgency", "title").reverse()
    assert list(tickets.values_list("title", flat=True)) == ["high", "slow", "typo", "broken"]


def test_first_last_earliest_latest__go_by_the_declared_order() -> None:
    tickets = Ticket.objects.order_by("urgency", "title")
    found = [tickets.first(), tickets.last()]
    found += [Ticket.objects.latest("urgency"), Ticket.objects.earliest("-urgency")]
    assert list(map(str, found)) == ["broken", "high", "high", "high"]


def test_distinct__keeps_each_member_once() -> None:
    rows = Ticket.objects.order_by("urgency").values_list("urgency", flat=True).distinct()
    assert repr(list(rows)) == repr([LOW, MEDIUM, HIGH])


def test_distinct_on__keeps_the_first_row_of_each_member() -> None:
    assert titles_of(
        Ticket.objects.filter(
            pk__in=Ticket.objects.order_by("urgency", "title").distinct("urgency").values("pk")
        )
    ) == ["broken", "high", "slow"]


# Set operations


@pytest.mark.parametrize(
    "right",
    ["top_urgency", Coalesce("former_urgency", Value("low")), Value("low"), F("urgency")],
    ids=name,
)
def test_union_of_one_enum__has_members(right: Any) -> None:
    assert repr(flat(column("urgency").union(column(right)))) == repr([HIGH, LOW, MEDIUM])


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("urgency", "former_urgency", [None, "high", "low", "medium"]),
        (Value("low"), "urgency", ["high", "low", "medium"]),
        ("urgency", "channel", ["email", "high", "low", "medium", "phone", "web"]),
        ("urgency", "title", ["broken", "high", "low", "medium", "slow", "typo"]),
        ("title", "urgency", ["broken", "high", "low", "medium", "slow", "typo"]),
        ("urgency", "body", ["", "high", "low", "medium"]),
        ("urgency", Value("none"), ["high", "low", "medium", "none"]),
        (Value("none"), "urgency", ["high", "low", "medium", "none"]),
        ("urgency", Upper("urgency"), ["HIGH", "LOW", "MEDIUM", "high", "low", "medium"]),
        ("urgencies", ArrayAgg("urgency"), [["high"], ["low", "high"], ["low"], ["medium"], []]),
    ],
    ids=name,
)
def test_union__has_the_labels_of_both(left: Any, right: Any, expected: list[Any]) -> None:
    assert flat(column(left).union(column(right))) == sorted(expected, key=str)


def test_union_of_rows__has_members() -> None:
    tickets = Ticket.objects.filter(urgency="low").union(Ticket.objects.filter(urgency="high"))
    assert repr([ticket.urgency for ticket in tickets.order_by("urgency")]) == repr(
        [LOW, LOW, HIGH]
    )


def test_union_of_three__has_the_labels_of_each() -> None:
    rows = column("urgency").union(column("former_urgency"), column("title", title="slow"))
    assert flat(rows) == [None, "high", "low", "medium", "slow"]


def test_union_of_union__has_the_labels_of_each() -> None:
    rows = column("urgency").union(column("former_urgency")).union(column("title", title="slow"))
    assert flat(rows) == [None, "high", "low", "medium", "slow"]


def test_union_of_several_columns__casts_those_that_differ() -> None:
    left = Ticket.objects.filter(title="slow").values_list("title", "urgency", "channel")
    right = Comment.objects.values_list("ticket__title", "ticket__title", "channel")
    Comment.objects.create(ticket=Ticket.objects.get(title="high"), channel="web")
    rows = left.union(right).order_by("title")
    assert list(rows) == [("high", "high", "web"), ("slow", "medium", "phone")]


def test_union_all_in_order__is_the_declared_order() -> None:
    rows = column("urgency").union(column("former_urgency", title="slow"), all=True)
    assert repr(list(rows.order_by("-urgency")[:2])) == repr([(HIGH,), (HIGH,)])


@pytest.mark.parametrize(
    ("left", "operation", "right", "expected"),
    [
        ("urgency", "intersection", "former_urgency", ["high", "low"]),
        ("urgency", "intersection", "title", ["high"]),
        ("title", "intersection", "urgency", ["high"]),
        ("urgency", "intersection", "channel", []),
        ("urgency", "difference", "former_urgency", ["medium"]),
        ("urgency", "difference", "title", ["low", "medium"]),
        ("title", "difference", "urgency", ["broken", "slow", "typo"]),
        ("urgency", "difference", "channel", ["high", "low", "medium"]),
    ],
)
def test_intersection_and_difference__compare_labels(
    left: str, operation: str, right: str, expected: list[str]
) -> None:
    assert flat(getattr(column(left), operation)(column(right))) == expected


def test_count_of_union__counts_its_rows() -> None:
    assert column("urgency").union(column("title")).count() == 6


# Subqueries


@pytest.mark.parametrize(
    ("lookup", "subquery", "found"),
    [
        ("urgency__in", column("urgency", title="high"), ["high"]),
        ("urgency__in", column("former_urgency", title="slow"), ["high"]),
        ("urgency__in", column("channel"), []),
        ("urgency__in", column("title"), ["high"]),
        ("urgency__in", column(Upper("urgency")), []),
        (
            "urgency__in",
            column(Coalesce("former_urgency", Value("none"))),
            ["broken", "high", "typo"],
        ),
        (
            "urgency__in",
            column("channel").annotate(m=Max("urgency")).values("m"),
            ["broken", "high", "slow", "typo"],
        ),
        ("title__in", column("urgency"), ["high"]),
        ("urgency", column("urgency", title="high")[:1], ["high"]),
        ("urgency", Subquery(column("urgency", title="high")[:1]), ["high"]),
        ("urgency__lt", Subquery(column("urgency", title="high")[:1]), ["broken", "slow", "typo"]),
        ("urgency", Subquery(column("title", title="high")[:1]), ["high"]),
        ("title", Subquery(column("urgency", title="high")[:1]), ["high"]),
        ("urgency__startswith", Subquery(column("title", title="high")[:1]), ["high"]),
        (
            "urgency__in",
            column("urgency", title="high").union(column("former_urgency", title="high")),
            ["broken", "high", "typo"],
        ),
        ("urgency__in", column("urgency", title="slow").union(column("title")), ["high", "slow"]),
        ("title__in", column("urgency").union(column("former_urgency")), ["high"]),
    ],
    ids=[
        "same column",
        "same enum",
        "other enum",
        "text",
        "upper",
        "coalesce with text",
        "aggregate",
        "enum in text",
        "exact query",
        "exact",
        "order",
        "exact text",
        "text exact enum",
        "match",
        "union",
        "union with text",
        "enum union in text",
    ],
)
def test_filter_by_subquery__finds_rows(lookup: str, subquery: Any, found: list[str]) -> None:
    assert titles(**{lookup: subquery}) == found


def test_exclude_by_subquery__finds_the_other_rows() -> None:
    assert titles(~Q(urgency__in=column("urgency", title="high"))) == ["broken", "slow", "typo"]


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({"urgency": OuterRef("former_urgency")}, ["high", "slow", "typo"]),
        ({"urgency__gt": OuterRef("urgency")}, ["broken", "slow", "typo"]),
        ({"title": OuterRef("former_urgency")}, ["slow"]),
        ({"urgency": OuterRef("title")}, ["high"]),
        ({"channel": OuterRef("urgency")}, []),
        ({"title__startswith": OuterRef("former_urgency")}, ["slow"]),
        ({"urgency__contains": OuterRef("title")}, ["high"]),
        ({"urgency__in": [OuterRef("former_urgency")]}, ["high", "slow", "typo"]),
    ],
    ids=name,
)
def test_exists_with_outer_ref__finds_rows(conditions: dict[str, Any], found: list[str]) -> None:
    assert titles(Exists(Ticket.objects.filter(**conditions))) == found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (Q(x="low"), ["broken", "typo"]),
        (Q(x=LOW), ["broken", "typo"]),
        (Q(x__in=["medium", "high"]), ["high", "slow"]),
        (Q(x__gt="low"), ["high", "slow"]),
        (Q(x__startswith="m"), ["slow"]),
        (Q(x=F("urgency")), ["broken", "high", "slow", "typo"]),
        (Q(x=F("title")), ["high"]),
        (Q(title=F("x")), ["high"]),
    ],
    ids=name,
)
def test_filter_on_annotated_subquery__finds_rows(condition: Q, found: list[str]) -> None:
    itself = Ticket.objects.filter(pk=OuterRef("pk")).values("urgency")[:1]
    assert titles_of(Ticket.objects.annotate(x=itself).filter(condition)) == found


def test_subquery_with_outer_enum__is_a_member() -> None:
    subquery = Ticket.objects.filter(pk=OuterRef("pk")).annotate(x=OuterRef("urgency"))
    assert repr(values(Subquery(subquery.values("x")))) == repr([LOW, HIGH, MEDIUM, LOW])


def test_subquery_that_counts__counts_rows_of_the_same_member() -> None:
    same = Ticket.objects.filter(urgency=OuterRef("urgency")).order_by().values("urgency")
    assert values(Subquery(same.annotate(n=Count("pk")).values("n"))) == [2, 1, 1, 2]


def test_raw_sql_of_labels__is_compared_as_text() -> None:
    assert titles(urgency=RawSQL("'low'", ())) == ["broken", "typo"]


# Joins


@pytest.fixture
def comments(tickets: None) -> None:
    for title, channel in [("broken", WEB), ("broken", PHONE), ("high", EMAIL), ("slow", WEB)]:
        Comment.objects.create(ticket=Ticket.objects.get(title=title), channel=channel)


@pytest.mark.usefixtures("comments")
@pytest.mark.parametrize(
    ("condition", "count"),
    [
        (Q(ticket__urgency="low"), 2),
        (~Q(ticket__urgency="low"), 2),
        (Q(ticket__urgency__in=["medium", HIGH]), 2),
        (Q(ticket__urgency__gt="low"), 2),
        (Q(ticket__urgency__contains="i"), 2),
        (Q(channel=F("ticket__channel")), 2),
        (Q(channel=F("ticket__urgency")), 0),
        (Q(ticket__title=F("ticket__urgency")), 1),
        (Q(ticket__in=Ticket.objects.filter(urgency="low")), 2),
    ],
    ids=[
        "exact",
        "negated",
        "in",
        "order",
        "match",
        "same enum",
        "other enum",
        "text",
        "subquery of rows",
    ],
)
def test_filter_across_foreign_key__finds_rows(condition: Q, count: int) -> None:
    assert Comment.objects.filter(condition).count() == count


@pytest.mark.usefixtures("comments")
@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (Q(comments__channel="web"), ["broken", "slow"]),
        (~Q(comments__channel="web"), ["high", "typo"]),
        (Q(comments__channel=F("channel")), ["broken", "high"]),
        (~Q(comments__channel__in=["web", "phone"]) & Q(urgency="low"), ["typo"]),
        (Q(comments__channel=F("title")), []),
    ],
    ids=name,
)
def test_filter_across_reverse_relation__finds_rows(condition: Q, found: list[str]) -> None:
    assert titles(condition) == found


@pytest.mark.usefixtures("comments")
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (F("ticket__urgency"), [LOW, LOW, HIGH, MEDIUM]),
        (Coalesce("ticket__former_urgency", "ticket__urgency"), [LOW, LOW, LOW, HIGH]),
        (Coalesce("ticket__former_urgency", Value("none")), ["none", "none", "low", "high"]),
        (
            Concat("ticket__urgency", Value("/"), "channel"),
            ["low/web", "low/phone", "high/email", "medium/web"],
        ),
    ],
    ids=name,
)
def test_expression_across_foreign_key__has_members_or_text(
    expression: Any, expected: list[Any]
) -> None:
    rows = Comment.objects.order_by("ticket__title", "channel").values_list(expression, flat=True)
    assert repr(list(rows)) == repr(expected)


@pytest.mark.usefixtures("comments")
def test_select_related__has_members() -> None:
    comments = Comment.objects.select_related("ticket").order_by("pk")
    assert repr([comment.ticket.urgency for comment in comments]) == repr([LOW, LOW, HIGH, MEDIUM])


@pytest.mark.usefixtures("comments")
def test_prefetch_related__has_members() -> None:
    web = Prefetch("comments", Comment.objects.filter(channel="web"), to_attr="from_web")
    tickets: Any = Ticket.objects.prefetch_related(web).order_by("title")
    assert repr([[comment.channel for comment in ticket.from_web] for ticket in tickets]) == repr(
        [[WEB], [], [WEB], []]
    )


@pytest.mark.usefixtures("comments")
@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (Q(comments__channel="web"), ["broken", "slow"]),
        (Q(comments__channel=F("channel")), ["broken", "high"]),
        (Q(comments__channel=F("title")), []),
    ],
    ids=name,
)
def test_filtered_relation__joins_on_the_condition(condition: Q, found: list[str]) -> None:
    joined = Ticket.objects.annotate(match=FilteredRelation("comments", condition=condition))
    assert titles_of(joined.filter(match__isnull=False)) == found


# An enum as the key


@pytest.fixture
def policies(tickets: None) -> None:
    low = Policy.objects.create(urgency="low", hours=72)
    high = Policy.objects.create(urgency=HIGH, hours=4)
    Ticket.objects.filter(title="broken").update(policy=low)
    Ticket.objects.filter(title="slow").update(policy=high)


@pytest.mark.usefixtures("policies")
@pytest.mark.parametrize(
    ("lookup", "value", "found"),
    [
        ("policy", "low", ["broken"]),
        ("policy", Policy(urgency=HIGH), ["slow"]),
        ("policy_id", LOW, ["broken"]),
        ("policy__urgency", "low", ["broken"]),
        ("policy__in", ["low", "high"], ["broken", "slow"]),
        ("policy__gt", "low", ["slow"]),
        ("policy__isnull", True, ["high", "typo"]),
        ("policy__hours__lt", 10, ["slow"]),
        ("policy__urgency__contains", "i", ["slow"]),
        ("policy", F("urgency"), ["broken"]),
        ("policy", F("title"), []),
        ("urgency", F("policy"), ["broken"]),
        ("title", F("policy"), []),
        ("policy__in", Policy.objects.all(), ["broken", "slow"]),
        ("policy__in", Ticket.objects.values("urgency"), ["broken", "slow"]),
        ("policy__in", Ticket.objects.values("title"), ["slow"]),
    ],
    ids=[
        "label",
        "instance",
        "member",
        "column of the other table",
        "list",
        "order",
        "null",
        "other column of the other table",
        "match",
        "enum column",
        "text column",
        "key in enum",
        "key in text",
        "subquery of keys",
        "subquery of enums",
        "subquery of text",
    ],
)
def test_filter_by_foreign_key_to_enum__finds_rows(
    lookup: str, value: Any, found: list[str]
) -> None:
    assert titles(**{lookup: value}) == found


@pytest.mark.usefixtures("policies")
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (F("policy"), [LOW, None, HIGH, None]),
        (F("policy_id"), [LOW, None, HIGH, None]),
        (Upper("policy"), ["LOW", None, "HIGH", None]),
        (
            Coalesce("policy", Value("none"), output_field=CharField()),
            ["low", "none", "high", "none"],
        ),
    ],
    ids=name,
)
def test_foreign_key_to_enum__has_members_or_text(expression: Any, expected: list[Any]) -> None:
    assert repr(values(expression)) == repr(expected)


@pytest.mark.usefixtures("policies")
def test_exists_by_key_that_is_an_enum__finds_rows() -> None:
    used = Policy.objects.filter(Exists(Ticket.objects.filter(policy=OuterRef("pk"))))
    assert repr(list(used.order_by("pk").values_list("pk", flat=True))) == repr([LOW, HIGH])


@pytest.mark.usefixtures("policies")
def test_in_bulk_by_key_that_is_an_enum__finds_rows() -> None:
    found = Policy.objects.in_bulk(["low", HIGH])
    assert {key: str(policy) for key, policy in found.items()} == {
        LOW: "low: 72 h",
        HIGH: "high: 4 h",
    }


@pytest.mark.usefixtures("policies")
def test_reverse_of_foreign_key_to_enum__has_the_rows() -> None:
    policies: Any = Policy.objects.prefetch_related("ticket_set").order_by("pk")
    assert [[ticket.title for ticket in policy.ticket_set.all()] for policy in policies] == [
        ["broken"],
        ["slow"],
    ]


# Other ways to read


def test_in_bulk_by_text__has_members() -> None:
    tickets = Ticket.objects.in_bulk(["slow"], field_name="title")
    assert repr(tickets["slow"].urgency) == repr(MEDIUM)


def test_iterator__has_members() -> None:
    tickets = Ticket.objects.order_by("title").iterator(chunk_size=2)
    assert repr([ticket.urgency for ticket in tickets]) == repr([LOW, HIGH, MEDIUM, LOW])


@pytest.mark.parametrize("value", ["low", LOW])
def test_raw__has_members(value: str) -> None:
    sql = "SELECT * FROM helpdesk_ticket WHERE urgency = %s ORDER BY title"
    tickets = Ticket.objects.raw(sql, [value])
    assert repr([ticket.urgency for ticket in tickets]) == repr([LOW, LOW])


@pytest.mark.parametrize("load", ["defer", "only"])
def test_deferred_column__is_read_later(load: str) -> None:
    ticket = getattr(Ticket.objects, load)("urgency").get(title="slow")
    assert repr((ticket.urgency, ticket.channel)) == repr((MEDIUM, PHONE))


def test_values__has_members() -> None:
    row = Ticket.objects.values("urgency", "channel", "urgencies").get(title="slow")
    assert repr(row) == repr({"urgency": MEDIUM, "channel": PHONE, "urgencies": [MEDIUM]})


def test_named_values__have_members() -> None:
    row = Ticket.objects.values_list("urgency", "channel", named=True).get(title="slow")
    assert repr(row) == "Row(urgency=Urgency.MEDIUM, channel=Channel.PHONE)"


def test_select_for_update__finds_rows() -> None:
    assert titles_of(Ticket.objects.select_for_update().filter(urgency="low")) == ["broken", "typo"]


def test_combined_querysets__find_rows() -> None:
    low, email = Ticket.objects.filter(urgency="low"), Ticket.objects.filter(channel="email")
    assert titles_of(low | email) == ["broken", "high", "typo"]


def test_async_queries__find_rows() -> None:
    low = Ticket.objects.filter(urgency="low")

    async def found() -> tuple[int, list[str]]:
        return await low.acount(), [ticket.title async for ticket in low.order_by("title")]

    assert async_to_sync(found)() == (2, ["broken", "typo"])
