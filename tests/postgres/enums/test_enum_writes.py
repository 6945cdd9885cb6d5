"""Every way to write an enum column, with labels, members and expressions."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DataError, IntegrityError
from django.db.models import (
    Case,
    CharField,
    Expression,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import (
    Cast,
    Coalesce,
    Concat,
    Greatest,
    Lower,
    NullIf,
    Upper,
)

from tests.postgres.enums.helpdesk.enums import Channel, Urgency
from tests.postgres.enums.helpdesk.models import Comment, Policy, Ticket
from tests.postgres.enums.helpdesk.queries import name, titles, values

pytestmark = pytest.mark.usefixtures("binding", "tickets")

LOW, MEDIUM, HIGH = Urgency


def stored(**lookups: Any) -> list[Any]:
    """Return the urgencies of the rows, as PostgreSQL prints them."""
    return list(
        Ticket.objects.filter(**lookups).order_by("title").values_list("urgency", flat=True)
    )


# Create


@pytest.mark.parametrize("value", ["high", HIGH, Value("high"), Lower(Value("HIGH"))], ids=name)
def test_create__stores_the_label(value: Any) -> None:
    Ticket.objects.create(title="new", urgency=value)
    assert repr(stored(title="new")) == repr([HIGH])


def test_create_without_value__returns_the_default_of_the_database() -> None:
    assert repr(Ticket.objects.create(title="new", urgency=LOW).channel) == repr(Channel.WEB)


def test_create__returns_the_generated_member() -> None:
    ticket = Ticket.objects.create(title="new", urgency=LOW, former_urgency=HIGH)
    assert repr(ticket.top_urgency) == repr(HIGH)


def test_create_with_expression__returns_the_member() -> None:
    ticket = Ticket.objects.create(title="new", urgency=Lower(Value("HIGH")))
    assert repr(ticket.urgency) == repr(HIGH)


@pytest.mark.parametrize("value", [None, Value(None)], ids=name)
def test_create_with_null__stores_null(value: Any) -> None:
    Ticket.objects.create(title="new", urgency=LOW, former_urgency=value)
    assert titles(former_urgency=None) == ["broken", "new"]


def test_create_with_null_where_it_must_not_be__is_refused() -> None:
    with pytest.raises(IntegrityError, match='null value in column "urgency"'):
        Ticket.objects.create(title="new")


@pytest.mark.parametrize("count", [1, 3])
def test_bulk_create__stores_the_labels(count: int) -> None:
    tickets = [Ticket(title=f"new {n}", urgency="high") for n in range(count)]
    Ticket.objects.bulk_create(tickets)
    assert stored(title__startswith="new") == [HIGH] * count


def test_bulk_create_in_batches__stores_the_labels() -> None:
    tickets = [Ticket(title=f"new {n}", urgency=label) for n, label in enumerate(Urgency.values)]
    Ticket.objects.bulk_create(tickets, batch_size=2)
    assert stored(title__startswith="new") == [LOW, MEDIUM, HIGH]


def test_bulk_create_with_expressions_defaults_and_null__stores_each() -> None:
    Ticket.objects.bulk_create(
        [
            Ticket(title="new 1", urgency=Lower(Value("HIGH")), channel="phone"),
            Ticket(title="new 2", urgency="low", former_urgency=Value("high")),
        ]
    )
    new = Ticket.objects.filter(title__startswith="new").order_by("title")
    assert list(new.values_list("urgency", "former_urgency", "channel")) == [
        (HIGH, None, Channel.PHONE),
        (LOW, HIGH, Channel.WEB),
    ]


@pytest.mark.parametrize(
    ("options", "urgency"),
    [
        ({"ignore_conflicts": True}, LOW),
        (
            {
                "update_conflicts": True,
                "unique_fields": ["title"],
                "update_fields": ["urgency", "former_urgency"],
            },
            HIGH,
        ),
    ],
    ids=["ignore_conflicts", "update_conflicts"],
)
def test_upsert_of_existing_row__leaves_or_updates_it(
    options: dict[str, Any], urgency: Urgency
) -> None:
    Ticket.objects.bulk_create([Ticket(title="broken", urgency=HIGH)], **options)
    assert stored(title="broken") == [urgency]


def test_upsert_that_conflicts_in_an_enum__updates_the_row() -> None:
    ticket = Ticket.objects.get(title="high")
    comments = [Comment(ticket=ticket, channel="web"), Comment(ticket=ticket, channel="phone")]
    Comment.objects.bulk_create(comments)
    Comment.objects.bulk_create(
        comments,
        update_conflicts=True,
        unique_fields=["ticket", "channel"],
        update_fields=["channel"],
    )
    assert ticket.comments.count() == 2  # type: ignore[attr-defined]  # a reverse relation


def test_get_or_create_by_enum__gets_then_creates() -> None:
    _, first = Ticket.objects.get_or_create(urgency=MEDIUM, defaults={"title": "new"})
    ticket, second = Ticket.objects.get_or_create(
        urgency="medium", channel=Channel.EMAIL, defaults={"title": "new"}
    )
    assert (first, second, ticket.urgency) == (False, True, "medium")


def test_update_or_create__updates_then_creates() -> None:
    for title in ("broken", "new"):
        Ticket.objects.update_or_create(
            title=title, defaults={"urgency": HIGH}, create_defaults={"urgency": "medium"}
        )
    assert stored(title__in=["broken", "new"]) == [HIGH, MEDIUM]


def test_update_or_create_with_expression__updates() -> None:
    Ticket.objects.update_or_create(title="slow", defaults={"former_urgency": F("urgency")})
    assert titles(former_urgency="medium") == ["slow"]


# Update


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("high", [HIGH] * 4),
        (HIGH, [HIGH] * 4),
        (None, [None] * 4),
        (Value(None), [None] * 4),
        (F("urgency"), [LOW, HIGH, MEDIUM, LOW]),
        (NullIf("urgency", Value("low")), [None, HIGH, MEDIUM, None]),
        (Coalesce("former_urgency", Value("medium")), [MEDIUM, LOW, HIGH, LOW]),
        (Greatest("urgency", "former_urgency"), [LOW, HIGH, HIGH, LOW]),
        (Lower(Value("HIGH")), [HIGH] * 4),
        (Lower(Upper("urgency")), [LOW, HIGH, MEDIUM, LOW]),
        (Concat(Value("lo"), Value("w")), [LOW] * 4),
        (Cast("urgency", CharField()), [LOW, HIGH, MEDIUM, LOW]),
        (ExpressionWrapper(F("urgency"), output_field=CharField()), [LOW, HIGH, MEDIUM, LOW]),
        (F("urgencies__0"), [None, LOW, MEDIUM, None]),
        (
            Subquery(Ticket.objects.filter(pk=OuterRef("pk")).values("urgency")),
            [LOW, HIGH, MEDIUM, LOW],
        ),
        (
            Case(When(title="high", then=Value("low")), default=Value("high")),
            [HIGH, LOW, HIGH, HIGH],
        ),
        (
            Case(When(title="high", then=Value(LOW)), default=F("urgency")),
            [LOW, LOW, MEDIUM, LOW],
        ),
        (Case(When(title="high", then=Value("low")), default=None), [None, LOW, None, None]),
        (Case(When(title="high", then=None), default=None), [None] * 4),
        (
            Case(
                When(title="high", then=Value("low")),
                default=Value("high"),
                output_field=CharField(),
            ),
            [HIGH, LOW, HIGH, HIGH],
        ),
    ],
    ids=name,
)
def test_update__stores_the_value(value: Any, expected: list[Urgency | None]) -> None:
    Ticket.objects.update(former_urgency=value)
    assert repr(values(F("former_urgency"))) == repr(expected)


def test_update_from_text_column__stores_its_labels() -> None:
    Ticket.objects.filter(title="high").update(former_urgency=F("title"))
    assert titles(former_urgency="high") == ["high", "slow"]


def test_update_from_enum_with_other_labels__is_refused() -> None:
    with pytest.raises(DataError, match=r'^invalid input value for enum urgency: "web"'):
        Ticket.objects.update(former_urgency=F("channel"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (F("urgency"), ["low", "high", "medium", "low"]),
        (Concat("urgency", Value("!")), ["low!", "high!", "medium!", "low!"]),
        (Coalesce("former_urgency", "urgency"), ["low", "low", "high", "low"]),
        (
            Case(When(urgency="low", then="urgency"), default="channel"),
            ["low", "email", "phone", "low"],
        ),
    ],
    ids=name,
)
def test_update_of_text_column__stores_labels(value: Expression, expected: list[str]) -> None:
    Ticket.objects.update(body=value)
    assert values(F("body")) == expected


def test_update_of_annotated_rows__stores_the_annotation() -> None:
    Ticket.objects.annotate(top=Coalesce("former_urgency", "urgency")).update(urgency=F("top"))
    assert stored() == [LOW, LOW, HIGH, LOW]


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        (Q(urgency="low"), 2),
        (Q(urgency__in=Policy.objects.values("urgency")), 1),
        (Q(title=F("urgency")), 1),
        (Q(policy__urgency="high"), 1),
    ],
    ids=["label", "subquery", "text column", "relation"],
)
def test_update_of_filtered_rows__updates_them(condition: Q, count: int) -> None:
    policy = Policy.objects.create(urgency="high", hours=4)
    Ticket.objects.filter(title="slow").update(policy=policy)
    assert Ticket.objects.filter(condition).update(former_urgency="medium") == count


def test_update_through_relation__updates_the_rows() -> None:
    Comment.objects.create(ticket=Ticket.objects.get(title="high"), channel="web")
    assert Comment.objects.filter(ticket__urgency="high").update(channel="phone") == 1


def test_delete_of_filtered_rows__deletes_them() -> None:
    Ticket.objects.filter(urgency__gt="low").delete()
    assert titles() == ["broken", "typo"]


@pytest.mark.parametrize(
    ("values_by_row", "expected"),
    [
        (["high", MEDIUM, "low", LOW], [HIGH, MEDIUM, LOW, LOW]),
        ([None, None, None, None], [None, None, None, None]),
        ([None, "high", None, MEDIUM], [None, HIGH, None, MEDIUM]),
        (
            [F("urgency"), Lower(Value("HIGH")), None, "low"],
            [LOW, HIGH, None, LOW],
        ),
    ],
    ids=["labels", "all null", "some null", "expressions"],
)
def test_bulk_update__stores_each_value(
    values_by_row: list[Any], expected: list[Urgency | None]
) -> None:
    tickets = list(Ticket.objects.order_by("title"))
    for ticket, value in zip(tickets, values_by_row, strict=True):
        ticket.former_urgency = value
    Ticket.objects.bulk_update(tickets, ["former_urgency"])
    assert repr(values(F("former_urgency"))) == repr(expected)


def test_bulk_update_of_two_enums__stores_both() -> None:
    tickets = list(Ticket.objects.order_by("title"))
    for ticket in tickets:
        ticket.urgency, ticket.channel = HIGH, Channel.PHONE
    Ticket.objects.bulk_update(tickets, ["urgency", "channel"], batch_size=3)
    assert titles(urgency="high", channel="phone") == ["broken", "high", "slow", "typo"]


# Instances


def test_save_with_update_fields__stores_the_label() -> None:
    ticket = Ticket.objects.get(title="broken")
    ticket.urgency, ticket.body = HIGH, "not saved"
    ticket.save(update_fields=["urgency"])
    assert titles(urgency="high", body="") == ["broken", "high"]


def test_save_with_expression__returns_the_member() -> None:
    ticket = Ticket.objects.get(title="slow")
    ticket.former_urgency = F("urgency")
    ticket.save()
    assert repr(ticket.former_urgency) == repr(MEDIUM)


def test_save_of_copy__stores_the_same_labels() -> None:
    ticket = Ticket.objects.get(title="high")
    ticket.pk, ticket.title = None, "copy"
    ticket.save()
    assert titles(urgency=HIGH, former_urgency=LOW, channel="email") == ["copy", "high"]


def test_refresh_from_db__reads_the_member() -> None:
    ticket = Ticket.objects.get(title="broken")
    Ticket.objects.update(urgency="high")
    ticket.refresh_from_db(fields=["urgency"])
    assert repr(ticket.urgency) == repr(HIGH)


def test_row_with_enum_as_primary_key__is_saved_twice() -> None:
    for hours in (72, 96):
        Policy(urgency="low", hours=hours).save()
    assert list(Policy.objects.values_list("pk", "hours")) == [(LOW, 96)]


# Values that are not labels

UNKNOWN_LABEL = (
    r"^Field 'urgency' expected one of the labels of enum type 'urgency' \(low, medium, high\) "
    r"but got 'nobody'\.$"
)


def bulk_update() -> None:
    ticket = Ticket.objects.get(title="broken")
    ticket.urgency = "nobody"
    Ticket.objects.bulk_update([ticket], ["urgency"])


@pytest.mark.parametrize(
    "write",
    [
        lambda: Ticket.objects.create(title="new", urgency="nobody"),
        lambda: Ticket.objects.bulk_create([Ticket(title="new", urgency="nobody")]),
        lambda: Ticket.objects.update(urgency="nobody"),
        bulk_update,
        lambda: Ticket(title="new", urgency="nobody").save(),
    ],
    ids=["create", "bulk create", "update", "bulk update", "save"],
)
def test_write_of_an_unknown_label__raises(write: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=UNKNOWN_LABEL):
        write()
