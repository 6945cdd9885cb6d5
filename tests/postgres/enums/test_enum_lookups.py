"""Every lookup on an enum column, with labels, members, expressions and other values."""

import re
from typing import Any

import pytest
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Concat, Lower
from django.db.models.lookups import Exact, GreaterThan, In

from tests.postgres.enums.helpdesk.enums import Channel, Urgency
from tests.postgres.enums.helpdesk.models import Ticket
from tests.postgres.enums.helpdesk.queries import name, titles, titles_of
from tests.support.migrations import run_sql

pytestmark = pytest.mark.usefixtures("binding", "tickets")


@pytest.mark.parametrize(
    ("lookup", "value", "found"),
    [
        ("urgency", "low", ["broken", "typo"]),
        ("urgency", Urgency.LOW, ["broken", "typo"]),
        ("urgency__exact", "low", ["broken", "typo"]),
        ("urgency__iexact", "LOW", ["broken", "typo"]),
        ("urgency__in", ["medium", Urgency.HIGH], ["high", "slow"]),
        ("urgency__in", [], []),
        ("urgency__gt", "low", ["high", "slow"]),
        ("urgency__gte", "medium", ["high", "slow"]),
        ("urgency__lt", "high", ["broken", "slow", "typo"]),
        ("urgency__lte", Urgency.MEDIUM, ["broken", "slow", "typo"]),
        ("urgency__range", ("medium", Urgency.HIGH), ["high", "slow"]),
        ("urgency__contains", "i", ["high", "slow"]),
        ("urgency__icontains", "I", ["high", "slow"]),
        ("urgency__startswith", "me", ["slow"]),
        ("urgency__istartswith", "ME", ["slow"]),
        ("urgency__endswith", "gh", ["high"]),
        ("urgency__iendswith", "GH", ["high"]),
        ("urgency__regex", "^(low|high)$", ["broken", "high", "typo"]),
        ("urgency__iregex", "^(LOW|HIGH)$", ["broken", "high", "typo"]),
        ("urgency__isnull", False, ["broken", "high", "slow", "typo"]),
        ("former_urgency", None, ["broken"]),
        ("former_urgency__isnull", True, ["broken"]),
        ("former_urgency__in", ["low", None], ["high", "typo"]),
        ("former_urgency__iexact", None, ["broken"]),
        ("top_urgency", "low", ["broken", "high", "typo"]),
        ("top_urgency__gt", "low", ["slow"]),
    ],
)
def test_filter_by_lookup__finds_rows(lookup: str, value: Any, found: list[str]) -> None:
    assert titles(**{lookup: value}) == found


@pytest.mark.parametrize(
    ("lookup", "value", "found"),
    [
        ("former_urgency", "low", ["broken", "slow"]),
        ("former_urgency__in", ["low"], ["broken", "slow"]),
        ("former_urgency__gt", "low", ["broken", "high", "typo"]),
        ("former_urgency__contains", "o", ["broken", "slow"]),
        ("former_urgency__isnull", True, ["high", "slow", "typo"]),
    ],
)
def test_exclude_by_lookup__keeps_null(lookup: str, value: Any, found: list[str]) -> None:
    assert titles(~Q(**{lookup: value})) == found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (Q(urgency="low") | Q(channel="phone"), ["broken", "slow", "typo"]),
        (Q(urgency="low") & ~Q(former_urgency="low"), ["broken"]),
        (Q(urgency="low") ^ Q(former_urgency="low"), ["broken", "high"]),
        (~Q(urgency__in=["low", "medium"]), ["high"]),
        (Exact(F("urgency"), "low"), ["broken", "typo"]),
        (Exact(Value("low"), F("urgency")), ["broken", "typo"]),
        (In(F("urgency"), ["low"]), ["broken", "typo"]),
        (GreaterThan(F("urgency"), F("former_urgency")), ["high"]),
        (Case(When(urgency="low", then=True), default=False), ["broken", "typo"]),
    ],
    ids=name,
)
def test_filter_by_condition__finds_rows(condition: Q, found: list[str]) -> None:
    assert titles(condition) == found


# Against columns and expressions


@pytest.mark.parametrize(
    ("lookup", "value", "found"),
    [
        # The same enum.
        ("urgency", F("former_urgency"), ["typo"]),
        ("urgency__gt", F("former_urgency"), ["high"]),
        ("urgency__lt", F("former_urgency"), ["slow"]),
        ("urgency__in", [F("former_urgency"), "medium"], ["slow", "typo"]),
        ("urgency__range", (F("former_urgency"), "medium"), ["typo"]),
        ("urgency__contains", F("former_urgency"), ["typo"]),
        ("urgency__iexact", F("former_urgency"), ["typo"]),
        ("urgency", Value("low"), ["broken", "typo"]),
        ("urgency__gt", Value(Urgency.LOW), ["high", "slow"]),
        ("urgency", Coalesce("former_urgency", "urgency"), ["broken", "typo"]),
        # Another enum.
        ("urgency", F("channel"), []),
        ("urgency__in", [F("channel"), "low"], ["broken", "typo"]),
        # Text.
        ("urgency", F("title"), ["high"]),
        ("urgency", F("body"), []),
        ("urgency", Lower(Value("LOW")), ["broken", "typo"]),
        ("urgency", Concat(Value("lo"), Value("w")), ["broken", "typo"]),
        ("urgency", Value("nobody"), []),
        ("urgency", Coalesce("former_urgency", Value("nobody")), ["typo"]),
        ("urgency__in", [F("title"), "low"], ["broken", "high", "typo"]),
        ("urgency__contains", F("title"), ["high"]),
        ("urgency__startswith", F("title"), ["high"]),
        ("urgency__iexact", F("title"), ["high"]),
        ("urgency__gt", F("title"), ["broken"]),
        ("urgency__range", (F("title"), "low"), ["broken", "high"]),
        # A text column against an enum.
        ("title", F("urgency"), ["high"]),
        ("body", F("urgency"), []),
        ("title__in", [F("urgency"), "slow"], ["high", "slow"]),
        ("title__contains", F("urgency"), ["high"]),
        ("title__iexact", F("urgency"), ["high"]),
        ("title__gt", F("urgency"), ["slow", "typo"]),
    ],
    ids=name,
)
def test_filter_by_expression__finds_rows(lookup: str, value: Any, found: list[str]) -> None:
    assert titles(**{lookup: value}) == found


def test_filter_by_member_of_expression__finds_rows() -> None:
    tickets = Ticket.objects.alias(top=Coalesce("former_urgency", "urgency"))
    assert titles_of(tickets.filter(top=Urgency.HIGH)) == ["slow"]


def test_filter_by_text_of_expression__finds_rows() -> None:
    tickets = Ticket.objects.alias(top=Coalesce("former_urgency", Value("none")))
    assert titles_of(tickets.filter(top="none")) == ["broken"]


# Values that are not labels


def unknown_label(value: Any) -> str:
    """Return a pattern that matches the whole message about `value`."""
    message = (
        "Field 'urgency' expected one of the labels of enum type 'urgency' (low, medium, high) "
        f"but got {value!r}."
    )
    return f"^{re.escape(message)}$"


@pytest.mark.parametrize("value", ["nobody", "", "LOW", 1, ["low"], Channel.WEB], ids=repr)
def test_filter_by_an_unknown_label__raises(value: Any) -> None:
    with pytest.raises(ValueError, match=unknown_label(value)):
        titles(urgency=value)


@pytest.mark.parametrize(
    ("lookup", "value"),
    [
        *((lookup, "nobody") for lookup in ("exact", "gt", "gte", "lt", "lte")),
        ("in", ["low", "nobody"]),
        ("range", ("low", "nobody")),
    ],
)
def test_lookup_with_an_unknown_label__raises(lookup: str, value: Any) -> None:
    with pytest.raises(ValueError, match=unknown_label("nobody")):
        titles(**{f"urgency__{lookup}": value})


@pytest.mark.parametrize(
    "lookup", ["iexact", "contains", "icontains", "startswith", "endswith", "regex", "iregex"]
)
def test_match_of_an_unknown_label__finds_nothing(lookup: str) -> None:
    assert titles(**{f"urgency__{lookup}": "nobody"}) == []


# Indexes


@pytest.mark.parametrize(
    "lookups",
    [
        {"urgency": "low"},
        {"urgency__in": ["low", "high"]},
        {"urgency__gt": "low"},
        {"urgency__range": ("low", "medium")},
        {"urgency": Value(Urgency.LOW)},
    ],
    ids=name,
)
def test_filter__uses_the_index_of_the_column(lookups: dict[str, Any]) -> None:
    plan = plan_of(Ticket.objects.filter(**lookups))
    assert "ticket_urgency_idx" in plan
    assert "::text" not in plan


def test_order_by__uses_the_index_of_the_column() -> None:
    plan = plan_of(Ticket.objects.order_by("urgency"))
    assert "Index Scan using ticket_urgency_idx" in plan


def test_filter_by_condition_of_an_index__uses_the_index() -> None:
    assert "ticket_phone" in plan_of(Ticket.objects.filter(channel="phone", title="slow"))


def plan_of(tickets: Any) -> str:
    """Return the query plan as if the table were too large for a sequential scan."""
    run_sql("SET LOCAL enable_seqscan = off")
    run_sql("SET LOCAL enable_sort = off")
    return str(tickets.explain())
