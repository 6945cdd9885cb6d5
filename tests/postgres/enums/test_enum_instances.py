"""Model instances with enum columns: displayed values, copies and serialization."""

import copy
import json
import pickle
from typing import Any

import pytest
from django.core import serializers
from django.core.management import call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q
from django.db.models.functions import Coalesce, Upper
from django.forms.models import model_to_dict
from django.template import Context, Template

from tests.postgres.enums.helpdesk.enums import Channel, Urgency
from tests.postgres.enums.helpdesk.models import Policy, Ticket
from tests.postgres.enums.helpdesk.queries import titles_of
from tests.support.migrations import run_sql

pytestmark = pytest.mark.usefixtures("tickets")

LOW, MEDIUM, HIGH = Urgency


@pytest.fixture
def ticket(tickets: None) -> Any:
    return Ticket.objects.get(title="slow")


def test_display__is_the_human_readable_name(ticket: Any) -> None:
    assert (ticket.get_urgency_display(), ticket.get_channel_display()) == (
        "Medium",
        "Phone call",
    )


def test_display_of_null__is_null() -> None:
    broken: Any = Ticket.objects.get(title="broken")
    assert broken.get_former_urgency_display() is None


def test_member__is_formatted_as_its_label(ticket: Any) -> None:
    # The % operator calls other methods than an f-string.
    urgency = ticket.urgency
    assert [str(urgency), f"{urgency}", "%s" % urgency, urgency + ""] == ["medium"] * 4  # noqa: UP031


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        ("{{ ticket.urgency }}", "medium"),
        ("{{ ticket.urgency.label }}", "Medium"),
        ("{{ ticket.get_channel_display }}", "Phone call"),
        ("{{ ticket.urgencies|join:' ' }}", "medium"),
        ("{% if ticket.urgency == 'medium' %}yes{% endif %}", "yes"),
    ],
)
def test_template__renders_the_label(ticket: Any, template: str, rendered: str) -> None:
    assert Template(template).render(Context({"ticket": ticket})) == rendered


@pytest.mark.parametrize("encoder", [None, DjangoJSONEncoder])
def test_json__has_the_labels(encoder: Any) -> None:
    row = Ticket.objects.values("urgency", "urgencies").get(title="high")
    assert json.dumps(row, cls=encoder) == '{"urgency": "high", "urgencies": ["low", "high"]}'


def test_model_to_dict__has_members(ticket: Any) -> None:
    fields = ["urgency", "former_urgency", "channel", "urgencies"]
    assert repr(model_to_dict(ticket, fields)) == repr(
        {
            "urgency": MEDIUM,
            "former_urgency": HIGH,
            "channel": Channel.PHONE,
            "urgencies": [MEDIUM],
        }
    )


def test_label_that_the_class_does_not_know__is_read_as_a_string() -> None:
    run_sql("ALTER TYPE urgency RENAME VALUE 'high' TO 'urgent'")
    ticket = Ticket.objects.get(title="high")
    assert repr((ticket.urgency, ticket.urgencies)) == repr(("urgent", [LOW, "urgent"]))


# Copies

each_copy = pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))],  # noqa: S301
    ids=["copy", "deepcopy", "pickle"],
)


@each_copy
def test_copy_of_instance__has_the_same_members(ticket: Any, copied: Any) -> None:
    assert repr((copied(ticket).urgency, copied(ticket).urgencies)) == repr((MEDIUM, [MEDIUM]))


@each_copy
def test_copy_of_queryset__finds_the_same_rows(copied: Any) -> None:
    assert titles_of(copied(Ticket.objects.filter(urgency="low"))) == ["broken", "typo"]


@each_copy
def test_copy_of_query__finds_the_same_rows(copied: Any) -> None:
    tickets = Ticket.objects.annotate(
        upper=Upper("urgency"), top=Coalesce("former_urgency", "urgency")
    ).filter(Q(upper="HIGH") | Q(top__gt="medium"))
    again = Ticket.objects.all()
    again.query = copied(tickets.query)
    assert titles_of(again) == ["high", "slow"]


@each_copy
def test_copy_of_field__is_of_the_same_enum(copied: Any) -> None:
    assert copied(Ticket._meta.get_field("urgency")).enum is Urgency


# Serialization


@pytest.mark.parametrize("format_", ["json", "jsonl", "xml", "python"])
def test_serialization__deserialized_with_members(format_: str) -> None:
    tickets = Ticket.objects.order_by("title")
    data = serializers.serialize(format_, tickets)
    again = [read.object for read in serializers.deserialize(format_, data)]
    columns = ("urgency", "former_urgency", "channel", "urgencies")
    assert [[repr(getattr(ticket, column)) for column in columns] for ticket in again] == [
        [repr(getattr(ticket, column)) for column in columns] for ticket in tickets
    ]


def test_serialized_key__is_the_label() -> None:
    Policy.objects.create(urgency=HIGH, hours=4)
    assert serializers.serialize("python", Policy.objects.all()) == [
        {"model": "helpdesk.policy", "pk": "high", "fields": {"hours": 4}}
    ]


@pytest.mark.parametrize("format_", ["json", "jsonl", "xml"])
def test_dumpdata_then_loaddata__restores_the_rows(format_: str, tmp_path: Any) -> None:
    fixture = tmp_path / f"tickets.{format_}"
    call_command("dumpdata", "helpdesk", format=format_, output=str(fixture), verbosity=0)
    before = rows()
    Ticket.objects.all().delete()
    call_command("loaddata", str(fixture), verbosity=0)
    assert rows() == before


def rows() -> list[Any]:
    columns = ("pk", "urgency", "former_urgency", "channel", "urgencies", "top_urgency")
    return list(Ticket.objects.order_by("pk").values_list(*columns))


def test_loaddata_of_an_unknown_label__is_refused(tmp_path: Any) -> None:
    fixture = tmp_path / "policy.json"
    fixture.write_text('[{"model": "helpdesk.policy", "pk": "nobody", "fields": {"hours": 1}}]')
    with pytest.raises(ValueError, match=r"\(low, medium, high\) but got 'nobody'\.$"):
        call_command("loaddata", str(fixture), verbosity=0)
