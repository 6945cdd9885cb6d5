"""Filters, search, order and forms of enum columns in the admin."""

import re
from collections.abc import Iterator

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from pytest_django import Settings

from tests.admin.pages import context_of, post
from tests.factories import UserFactory
from tests.postgres.enums.helpdesk.enums import Urgency
from tests.postgres.enums.helpdesk.models import Policy, Ticket
from tests.postgres.enums.helpdesk.queries import titles

pytestmark = [
    pytest.mark.usefixtures("tickets"),
    pytest.mark.urls("tests.postgres.enums.helpdesk.urls"),
]

TICKETS = "/admin/helpdesk/ticket/"


@pytest.fixture
def client(tickets: None, settings: Settings) -> Iterator[Client]:
    """Return a client that is logged in as an administrator."""
    settings.UNFOLD = {}  # the project's links need the project's admin
    client = Client()
    client.force_login(UserFactory.create(admin=True))
    yield client
    ContentType.objects.clear_cache()  # the rollback removes the content type of the log


def listed(client: Client, query: str) -> list[str]:
    """Return the titles on the page of the list for `query`."""
    changelist = context_of(client, f"{TICKETS}?{query}")["cl"]
    return [ticket.title for ticket in changelist.result_list]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["broken", "typo", "slow", "high"]),
        ("urgency__exact=low", ["broken", "typo"]),
        ("urgency=low", ["broken", "typo"]),
        ("urgency__in=medium,high", ["slow", "high"]),
        ("urgency__exact=low&channel__exact=web", ["broken", "typo"]),
        ("urgency__exact=low&former_urgency__exact=low", ["typo"]),
        ("former_urgency__isnull=True", ["broken"]),
        ("former_urgency__isnull=False", ["typo", "slow", "high"]),
        ("urgency__contains=i", ["slow", "high"]),
        ("urgency__gt=low", ["slow", "high"]),
        ("policy__urgency__exact=high", ["slow"]),
        ("o=-2.1", ["high", "slow", "broken", "typo"]),
    ],
)
def test_list_with_labels__shows_the_rows(client: Client, query: str, found: list[str]) -> None:
    policy = Policy.objects.create(urgency="high", hours=4)
    Ticket.objects.filter(title="slow").update(policy=policy)
    assert listed(client, query) == found


@pytest.mark.parametrize(
    "query",
    [
        "urgency__exact=nobody",
        "urgency=nobody",
        "urgency__in=nobody",
        "urgency__in=low,nobody",
        "urgency__exact=LOW",
        "urgency__exact=",
        "urgency__exact=%00",
        "urgency__exact=low&urgency__exact=nobody",
        "policy__urgency__exact=nobody",
        "urgency__exact=" + "x" * 1000,
    ],
)
def test_list_with_an_unknown_label__is_empty(client: Client, query: str) -> None:
    assert listed(client, query) == []


@pytest.mark.parametrize(
    "query",
    ["urgency__gt=nobody", "urgency__lt=nobody", "urgency__range=low,nobody", "urgency__len=1"],
)
def test_list_with_wrong_lookup__redirects_to_the_list(client: Client, query: str) -> None:
    response = client.get(f"{TICKETS}?{query}")
    assert (response.status_code, response["Location"]) == (302, f"{TICKETS}?e=1")


def test_filter__offers_the_choices(client: Client) -> None:
    changelist = context_of(client, TICKETS)["cl"]
    urgency = changelist.filter_specs[0]
    offered = [choice["display"] for choice in urgency.choices(changelist)]
    assert offered == ["All", "Low", "Medium", "High"]


def test_filter__marks_the_active_choice(client: Client) -> None:
    changelist = context_of(client, f"{TICKETS}?urgency__exact=medium")["cl"]
    urgency = changelist.filter_specs[0]
    selected = [choice["display"] for choice in urgency.choices(changelist) if choice["selected"]]
    assert selected == ["Medium"]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("high", ["high"]),
        ("MED", ["slow"]),
        ("ty", ["typo"]),
        ("phone", ["slow"]),
        ("low web", ["broken", "typo"]),
        ("nobody", []),
        ("%", []),
    ],
)
def test_search__finds_words_in_enum_columns(client: Client, word: str, found: list[str]) -> None:
    assert listed(client, f"q={word.replace('%', '%25')}") == found


def test_list__shows_human_readable_names(client: Client) -> None:
    html = client.get(f"{TICKETS}?urgency__exact=high").content.decode()
    shown = dict(re.findall(r'<td class="field-(\w*urgency)[^"]*">(\w+)</td>', html))
    assert shown == {"urgency": "High", "former_urgency": "Low"}


def test_add__saves_the_row(client: Client) -> None:
    data = {"title": "new", "urgency": "high", "channel": "email", "urgencies": "low,high"}
    assert client.post(f"{TICKETS}add/", data).status_code == 302
    assert titles(urgency="high", urgencies=[Urgency.LOW, Urgency.HIGH]) == ["high", "new"]


def test_change__saves_the_row(client: Client) -> None:
    ticket = Ticket.objects.get(title="broken")
    data = {"title": "broken", "urgency": "medium", "former_urgency": "low", "channel": "phone"}
    assert client.post(f"{TICKETS}{ticket.pk}/change/", data).status_code == 302
    assert titles(urgency="medium", former_urgency="low", channel="phone") == ["broken"]


def test_change_with_an_unknown_label__refused_at_the_field(client: Client) -> None:
    ticket = Ticket.objects.get(title="broken")
    data = {"title": "broken", "urgency": "nobody", "channel": "phone"}
    response = post(client, f"{TICKETS}{ticket.pk}/change/", data)
    assert response.context_data["adminform"].form.errors == {
        "urgency": ["Select a valid choice. nobody is not one of the available choices."]
    }


def test_change_in_the_list__saves_the_rows(client: Client) -> None:
    ticket = Ticket.objects.get(title="slow")
    data = {
        "form-TOTAL_FORMS": "1",
        "form-INITIAL_FORMS": "1",
        "form-0-id": str(ticket.pk),
        "form-0-channel": "email",
        "_save": "Save",
    }
    assert client.post(f"{TICKETS}?urgency__exact=medium", data).status_code == 302
    assert titles(channel="email") == ["high", "slow"]
