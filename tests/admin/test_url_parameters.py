"""Parameters of the URL that a page does not understand."""

import re
from typing import Any
from uuid import UUID

import pytest
from django.contrib.messages import get_messages
from django.db import models
from django.http import QueryDict
from django.test import Client
from django.urls import reverse_lazy

from config.admin import changelist
from courses.models import Course, CourseModule
from payments.models import Payment
from tests.admin.pages import BY_MODEL, changelist_of, each_model, unrendered, url
from tests.factories import CourseFactory
from users.models import UserProfile

pytestmark = pytest.mark.django_db
UNKNOWN_ID = UUID("01a204f2-dd54-7217-8914-12ab7cfde595")
LABELS = "write draft or pending_review or published or archived."


def opened(model: type[models.Model], query: str) -> Any:
    """Return the list that `query` shows."""
    return changelist_of(model, **dict(QueryDict(query).lists()))


def html(client: Client, query: str) -> str:
    return client.get(f"{url(Course, 'changelist')}?{query}").text


def sentences(model: type[models.Model], query: str) -> list[str]:
    """Return the sentences about mistakes in `query`; check that a list with mistakes is empty."""
    found = opened(model, query)
    assert not (found.mistakes and found.result_list)
    return [mistake.sentence for mistake in found.mistakes]


COURSES: list[tuple[str, str]] = [
    (
        "created_at_from=31.12.2025",
        "Created at from: '31.12.2025' is not a date; write 2025-12-31.",
    ),
    ("created_at_to=0000-13-45", "Created at to: '0000-13-45' is not a date; write 2025-12-31."),
    ("created_at_from=%00", "Created at from: '\\x00' is not a date; write 2025-12-31."),
    ("price_from=abc", "Price from: 'abc' is not a number; write 12.5."),
    ("price_to=NaN", "Price to: 'NaN' is not a number; write 12.5."),
    ("price_to=1e400", "Price to: '1e400' is not a number; write 12.5."),
    ("instructor__id__exact=x", "Instructor: 'x' is not an id. Choose a record in the filter."),
    (
        f"instructor__id__exact={UNKNOWN_ID}",
        f"Instructor: There is no user with the id {UNKNOWN_ID}.",
    ),
    (
        "instructor__isnull=maybe",
        "Instructor: 'maybe' is not a choice; write 1 or 0 or True or False.",
    ),
    ("status__exact=x", f"Status: 'x' is not a choice; {LABELS}"),
    ("status=x", f"Status: 'x' is not a choice; {LABELS}"),
    ("status__in=draft,x", f"Status: 'x' is not a choice; {LABELS}"),
    ("status__in=Draft", f"Status: 'Draft' is not a choice; {LABELS}"),
    ("status__in=draft+", f"Status: 'draft ' is not a choice; {LABELS}"),
    ("status=", f"Status: '' is not a choice; {LABELS}"),
    ("p=2", "There is no page 2: the list has 1 page."),
    ("p=0", "There is no page 0: the list has 1 page."),
    (f"p={'9' * 5000}", f"There is no page {'9' * 60}: the list has 1 page."),
    ("p=-1", "'-1' is not a page; write a number from 1 to 1."),
    ("o=1.99", "The list cannot be sorted by column '99'. Click a heading to sort it."),
    ("o=0", "The list cannot be sorted by column '0'. Click a heading to sort it."),
    ("q=a%00b", "The search contains a NUL character, which PostgreSQL cannot store."),
    (f"q={'x' * 201}", "The search is longer than 200 characters. Type fewer."),
    (f"q={'+a' * 11}", "The search has more than 10 words. Type fewer."),
    ("nonsense=1", "This list has no filter 'nonsense'."),
    ("nonsense__exact=1", "This list has no filter 'nonsense__exact'."),
    ("status__nonsense=1", "This list has no filter 'status__nonsense'."),
    ("e=1", "The address before this one had a filter that is not understood."),
    ("all=", "This list has no filter 'all'."),
    ("_facets=True", "This list has no filter '_facets'."),
    ("_source_model=x", "This list has no filter '_source_model'."),
    ("_popup=0", "_popup: '0' is not a choice; write 1."),
    ("id__in=1,2", "id__in: '1,2' is not a value of this filter."),
    ("created_at__gte=foo", "created_at__gte: 'foo' is not a value of this filter."),
    ("pk__isnull=maybe", "pk__isnull: 'maybe' is not a choice; write True or False."),
    ("instructor__email=a", "This list cannot be filtered by 'instructor__email'."),
    (
        "price_from=1&price_from=2",
        "price_from is given with different values: '1' and '2'. Give one.",
    ),
]
OTHERS: list[tuple[type[models.Model], str, str]] = [
    (Payment, "review=x", "Review: 'x' is not a choice; write requested."),
    (
        CourseModule,
        "prerequisite_module__isempty=x",
        "Prerequisite module: 'x' is not a choice; write 1 or 0.",
    ),
    (
        UserProfile,
        "privacy_settings__range=(",
        "privacy_settings__range: not a value of this filter.",
    ),
]


@pytest.mark.parametrize(
    ("model", "query", "expected"),
    [*((Course, *course) for course in COURSES), *OTHERS],
    ids=lambda value: str(value)[:30],
)
def test_parameter_not_understood__is_named_and_finds_nothing(
    model: type[models.Model], query: str, expected: str
) -> None:
    BY_MODEL[model].create()
    assert sentences(model, query) == [expected]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("title=%00", "title: PostgreSQL text fields cannot contain NUL (0x00) bytes."),
        (
            "title__regex=(",
            "title__regex: invalid regular expression: parentheses () not balanced.",
        ),
        ("price=1e999999", "price: value overflows numeric format."),
    ],
)
def test_value_that_only_postgresql_refuses__is_named(query: str, expected: str) -> None:
    CourseFactory.create()
    assert sentences(Course, query) == [expected]


@each_model
def test_filters_of_every_list__name_a_value_that_they_do_not_understand(
    model: type[models.Model],
) -> None:
    specs = opened(model, "").filter_specs
    names = {name for spec in specs for name in spec.expected_parameters()}
    found = opened(model, "&".join(f"{name}=~" for name in names))
    assert {mistake.parameter for mistake in found.mistakes} == names


@pytest.mark.parametrize(
    ("query", "links"),
    [
        ("p=9&q=a", ["?q=a&p=1"]),
        ("p=9&q=a&price_from=x", ["?q=a"]),
        ("price_from=x&price_to=y&o=1", ["?price_to=y&o=1", "?price_from=x&o=1"]),
    ],
)
def test_link_next_to_a_mistake__leads_to_the_list_without_that_parameter(
    query: str, links: list[str]
) -> None:
    found = opened(Course, query)
    assert [link for _, link in found.mended] == links


def test_page_beyond_the_listed_rows__does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelist, "LISTED_ROWS", 2)
    CourseFactory.create_batch(3)
    assert sentences(Course, "p=2") == ["There is no page 2: the list has 1 page."]


def test_value_given_twice__is_accepted_as_one_value() -> None:
    CourseFactory.create()
    assert sentences(Course, "price_to=9&price_to=9&price_to=") == []


def test_several_labels__are_alternatives() -> None:
    courses = {CourseFactory.create(), CourseFactory.create(pending_review=True)}
    query = "status__exact=draft&status__exact=pending_review"
    assert set(opened(Course, query).result_list) == courses


@pytest.mark.parametrize(
    ("query", "typed"),
    [
        ("price_from=abc", 'name="price_from" value="abc"'),
        ("created_at_to=31.12.2025", 'name="created_at_to" value="31.12.2025"'),
        ("instructor__id__exact=x", '<option value="x" selected>x</option>'),
    ],
)
def test_wrong_value__is_still_in_the_input(admin_client: Client, query: str, typed: str) -> None:
    assert typed in html(admin_client, query)


def test_form_of_the_filters__keeps_all_but_the_page_and_empty_values(
    admin_client: Client,
) -> None:
    CourseFactory.create()
    query = "status__exact=draft&created_at_from=&price_to=9&title__contains=a&p=1"
    form = html(admin_client, query).partition('id="filter-form"')[2].partition("</form>")[0]
    kept = re.findall('type="hidden" name="(.*?)" value="(.*?)"', form)
    assert sorted(kept) == [("status__exact", "draft"), ("title__contains", "a")]


@pytest.mark.parametrize("query", ["price_from=abc", "p=9", "nonsense=1", "status=x"])
def test_action_with_a_wrong_filter__changes_nothing(admin_client: Client, query: str) -> None:
    course = CourseFactory.create()
    data = {"action": "archive", "_selected_action": [str(course.pk)], "index": "0"}
    response = admin_client.post(f"{url(Course, 'changelist')}?{query}", data, follow=True)
    course.refresh_from_db()
    assert course.status == "draft"
    assert "Nothing was changed, because the list is empty." in response.content.decode()


# Other pages


def warnings(client: Client, address: str) -> list[str]:
    with unrendered():
        response = client.get(address)
    assert response.status_code == 200
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.mark.parametrize(
    "address", ["/admin/", "/admin/courses/", reverse_lazy("admin:password_change")]
)
def test_parameter_of_a_page_that_takes_none__is_named(admin_client: Client, address: str) -> None:
    assert warnings(admin_client, f"{address}?x=1") == [
        "This page has no parameter 'x', so it was ignored."
    ]


OTHER_MODULES = "There is no page {} of the course modules, so this is page 1."


@pytest.mark.parametrize(
    ("page", "query", "expected"),
    [
        ("delete", "p=2", ["This page has no parameter 'p', so it was ignored."]),
        ("history", "x=1", ["This page has no parameter 'x', so it was ignored."]),
        ("history", "p=2", ["There is no page '2' of the history, so this is page 1."]),
        ("change", "_popup=1&modules-page=1", []),
        ("change", "title=SQL", ["This page has no parameter 'title', so it was ignored."]),
        ("change", "modules-page=abc", [OTHER_MODULES.format("'abc'")]),
        ("change", "modules-page=9", [OTHER_MODULES.format("'9'")]),
    ],
)
def test_parameter_of_a_page_of_a_record__is_understood_or_named(
    admin_client: Client, page: str, query: str, expected: list[str]
) -> None:
    address = url(Course, page, CourseFactory.create().pk)
    assert warnings(admin_client, f"{address}?{query}&_changelist_filters=p%3D1") == expected


def test_value_in_the_address_of_a_new_record__is_in_the_input(admin_client: Client) -> None:
    assert warnings(admin_client, f"{url(Course, 'add')}?title=SQL") == []


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("published_at", "Published at"),
        ("price", "Price"),
        ("difficulty", "Difficulty"),
        ("instructor", "Instructor"),
    ],
)
def test_value_in_the_address_that_its_field_cannot_have__is_named(
    admin_client: Client, name: str, title: str
) -> None:
    assert warnings(admin_client, f"{url(Course, 'add')}?{name}=31.12.2025") == [
        f"{title}: '31.12.2025' is not a value of this field, so it was ignored."
    ]


def test_moment_in_the_address_of_a_new_record__is_in_the_inputs(admin_client: Client) -> None:
    content = admin_client.get(f"{url(Course, 'add')}?published_at=2025-12-31 10:30").content
    assert b'value="2025-12-31"' in content
    assert b'value="10:30:00"' in content
