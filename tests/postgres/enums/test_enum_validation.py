"""Validation of enum columns by full_clean() and forms."""

from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, Value
from django.forms import modelform_factory

from tests.postgres.enums.helpdesk.enums import Channel, Urgency
from tests.postgres.enums.helpdesk.models import Comment, Policy, Ticket
from tests.postgres.enums.helpdesk.queries import titles

pytestmark = pytest.mark.usefixtures("tickets")


def ticket(**fields: Any) -> Ticket:
    return Ticket(**{"title": "new", "urgency": "low", **fields})


# full_clean()


@pytest.mark.parametrize(
    "fields",
    [
        {"urgency": "low"},
        {"urgency": Urgency.HIGH},
        {"former_urgency": None},
        {"urgencies": ["low", Urgency.HIGH]},
        {"channel": "phone", "urgency": "medium"},
        {"channel": Channel.PHONE, "urgency": Urgency.HIGH},
    ],
    ids=repr,
)
def test_full_clean_of_labels__passes(fields: dict[str, Any]) -> None:
    ticket(**fields).full_clean()


@pytest.mark.parametrize(
    ("fields", "messages"),
    [
        ({"urgency": "nobody"}, {"urgency": ["Value 'nobody' is not a valid choice."]}),
        ({"urgency": "LOW"}, {"urgency": ["Value 'LOW' is not a valid choice."]}),
        ({"urgency": 1}, {"urgency": ["Value 1 is not a valid choice."]}),
        ({"urgency": ["low"]}, {"urgency": ["Value ['low'] is not a valid choice."]}),
        ({"urgency": Channel.WEB}, {"urgency": ["Value Channel.WEB is not a valid choice."]}),
        ({"channel": "Web form"}, {"channel": ["Value 'Web form' is not a valid choice."]}),
        ({"urgency": None}, {"urgency": ["This field cannot be null."]}),
        ({"urgency": ""}, {"urgency": ["This field cannot be blank."]}),
        (
            {"urgencies": ["low", "nobody"]},
            {
                "urgencies": [
                    "Item 2 in the array did not validate: Value 'nobody' is not a valid choice."
                ]
            },
        ),
        (
            {"channel": "phone", "urgency": "low"},
            {"__all__": ["Constraint “ticket_phone_check” is violated."]},
        ),
    ],
    ids=repr,
)
def test_full_clean_of_an_invalid_value__raises(
    fields: dict[str, Any], messages: dict[str, list[str]]
) -> None:
    with pytest.raises(ValidationError) as raised:
        ticket(**fields).full_clean()
    assert raised.value.message_dict == messages


def test_full_clean_of_a_second_row_with_unique_enum__raises() -> None:
    comment = Comment(ticket=Ticket.objects.get(title="high"), channel="web")
    comment.save()
    comment.pk = None
    with pytest.raises(ValidationError) as raised:
        comment.full_clean()
    assert raised.value.messages == ["Comment with this Ticket and Channel already exists."]


def test_full_clean_of_a_second_row_with_the_same_key__raises() -> None:
    Policy(urgency="low", hours=72).save()
    with pytest.raises(ValidationError) as raised:
        Policy(urgency="low", hours=1).full_clean()
    assert raised.value.message_dict == {"urgency": ["Policy with this Urgency already exists."]}


def test_full_clean__turns_labels_into_members() -> None:
    new = ticket()
    new.full_clean()
    assert repr(new.urgency) == repr(Urgency.LOW)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Q(urgency__gt="low"), True),
        (Q(urgency__lt="medium"), False),
        (Q(urgency__in=["low", "high"]), True),
        (Q(urgency="high"), True),
        (Q(urgency__startswith="h"), True),
    ],
    ids=str,
)
def test_condition_checked_in_python__agrees_with_the_database(condition: Q, holds: bool) -> None:
    high = Value("high", Ticket._meta.get_field("urgency"))
    assert condition.check({"urgency": high}) is holds
    assert ("high" in titles(condition)) is holds


# Forms

TicketForm = modelform_factory(Ticket, fields="__all__")
VALID = {"title": "new", "urgency": "high", "channel": "web"}


def test_form_field__offers_the_choices() -> None:
    field: Any = TicketForm().fields["channel"]
    assert list(field.choices)[1:] == Channel.choices


def test_form_of_instance__selects_its_label() -> None:
    form = TicketForm(instance=Ticket.objects.get(title="slow"))
    assert '<option value="medium" selected>Medium</option>' in str(form["urgency"])


def test_form_with_radio_buttons__checks_the_label() -> None:
    form_class = modelform_factory(
        Ticket, fields=["urgency"], widgets={"urgency": forms.RadioSelect}
    )
    html = str(form_class(instance=Ticket.objects.get(title="slow"))["urgency"])
    assert html.count(" checked") == 1
    assert 'value="medium" required id="id_urgency_2" checked' in html


def test_valid_form__saves_members() -> None:
    form = TicketForm({**VALID, "former_urgency": "", "urgencies": "low,high"})
    saved: Any = form.save()
    saved = (saved.urgency, saved.former_urgency, saved.channel, saved.urgencies)
    assert repr(saved) == repr((Urgency.HIGH, None, Channel.WEB, [Urgency.LOW, Urgency.HIGH]))


def test_form_of_unchanged_instance__has_not_changed() -> None:
    form_class = modelform_factory(Ticket, fields=["urgency", "former_urgency", "channel"])
    data = {"urgency": "medium", "former_urgency": "high", "channel": "phone"}
    assert not form_class(data, instance=Ticket.objects.get(title="slow")).has_changed()


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        (
            {"urgency": "nobody"},
            {"urgency": ["Select a valid choice. nobody is not one of the available choices."]},
        ),
        ({"urgency": ""}, {"urgency": ["This field is required."]}),
        (
            {"urgencies": "low,nobody"},
            {
                "urgencies": [
                    "Item 2 in the array did not validate: Select a valid choice. "
                    "nobody is not one of the available choices."
                ]
            },
        ),
        (
            {"policy": "nobody"},
            {"policy": ["Select a valid choice. That choice is not one of the available choices."]},
        ),
        (
            {"urgency": "low", "channel": "phone"},
            {"__all__": ["Constraint “ticket_phone_check” is violated."]},
        ),
    ],
    ids=repr,
)
def test_form_with_an_unknown_label__refused_at_the_field(
    data: dict[str, str], errors: dict[str, list[str]]
) -> None:
    assert TicketForm({**VALID, **data}).errors == errors
