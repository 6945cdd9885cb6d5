"""Tables and records in the results of the search palette."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.admin import palette
from config.admin.bounds import TooSlowError, local_settings
from courses.models import Course
from payments.models import Payment
from tests.admin.pages import model_admin, request_for, url
from tests.factories import (
    CourseFactory,
    EnrollmentFactory,
    LessonFactory,
    PaymentFactory,
    UserFactory,
)
from tests.support.migrations import run_sql
from users.models import User

type Result = tuple[str, str, str]


def found(client: Client, term: str) -> list[Result]:
    """Return the title, the kind and the address of each result."""
    response = client.get(reverse("admin:search"), {"s": term})
    assert response.status_code == 200
    results = response.context["results"] if response.content else []
    return [(result.title, result.description, result.link) for result in results]


def test_word_of_a_title__finds_the_record_with_its_kind_and_parent(admin_client: Client) -> None:
    course = CourseFactory.create(
        title="Window functions", slug="window-functions", instructor__email="ann@example.com"
    )
    address = url(Course, "change", course.pk)
    assert found(admin_client, "window") == [
        ("Window functions", "Course of ann@example.com", address)
    ]


def test_part_of_the_name_of_a_table__finds_the_table(admin_client: Client) -> None:
    assert found(admin_client, "refund") == [
        ("Refunds", "Payments", reverse("admin:payments_refund_changelist"))
    ]


def test_beginning_of_an_address__finds_the_account(admin_client: Client) -> None:
    user = UserFactory.create(email="xaver@example.com")
    EnrollmentFactory.create(student=user)
    expected = ("xaver@example.com", "User", url(User, "change", user.pk))
    assert found(admin_client, "Xaver@") == [expected]


def test_stripe_id_with_capitals__is_found(admin_client: Client) -> None:
    payment = PaymentFactory.create(stripe_payment_intent_id="pi_Ab")
    [(_, kind, address)] = found(admin_client, "pi_Ab")
    assert (kind, address) == ("Payment", url(Payment, "change", payment.pk))


def test_id_of_any_record__finds_it(admin_client: Client) -> None:
    enrollment = EnrollmentFactory.create()
    assert [kind for _, kind, _ in found(admin_client, str(enrollment.pk))] == ["Enrollment"]


def test_secret__is_not_searched_for(admin_client: Client) -> None:
    UserFactory.create(verifying=True, verification_token="secret-token")
    assert found(admin_client, "secret-token") == []


def test_table_too_large_to_search__is_linked_with_the_search_term(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(palette, "SCANNED_ROWS", 0)
    CourseFactory.create(title="Window functions")
    run_sql("ANALYZE courses")
    assert found(admin_client, "window f") == [
        (
            "Search the courses for “window f”",
            "Too many courses to search here",
            f"{url(Course, 'changelist')}?q=window+f",
        )
    ]


def test_search_that_takes_too_long__links_the_lists(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: Any) -> Any:
        raise TooSlowError

    monkeypatch.setattr(palette, "_keys", slow)
    CourseFactory.create(title="Window functions")
    titles = [title for title, _, _ in found(admin_client, "window")]
    assert "Search the courses for “window”" in titles


@pytest.mark.parametrize("term", ["ann", "01a204f2-dd54-7217-8914-12ab7cfde595"])
def test_columns_searched_in_large_tables__have_an_index(admin_client: Client, term: str) -> None:
    admins = [each for each in admin.site._registry.values() if palette._fields(each)[0]]
    rows = palette.matches(term, admins, large=admins)
    with local_settings(enable_seqscan="off"):
        assert "Seq Scan" not in rows.explain(costs=False)


def test_search__takes_a_query_for_all_tables_and_one_for_each_found(admin_client: Client) -> None:
    LessonFactory.create(title="Window functions")
    request = request_for(Course)
    with CaptureQueriesContext(connection) as queries:
        palette.find_records(request, "window")
    reading = [query["sql"] for query in queries if query["sql"].startswith(("(SELECT", "SELECT"))]
    assert len(reading) == 4  # the sizes, the keys, the lesson, and the time limit


def test_tables_that_a_user_may_not_see__are_not_searched(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    CourseFactory.create(title="Window functions")
    monkeypatch.setattr(model_admin(Course), "has_view_permission", lambda *_: False)
    assert found(admin_client, "window functions") == []


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ("a\x00b", "The search contains a NUL character, which PostgreSQL cannot store."),
        ("x" * 201, "The search is longer than 200 characters. Type fewer."),
    ],
)
def test_term_that_cannot_be_searched_for__says_why(
    admin_client: Client, term: str, message: str
) -> None:
    assert [title for title, _, _ in found(admin_client, term)] == [message]


@pytest.mark.parametrize("term", ["%_'", '"', "\\ 🎓", "a" * 200])
def test_odd_term__finds_nothing(admin_client: Client, term: str) -> None:
    assert found(admin_client, f"xyzzy{term}"[:200]) == []


@pytest.mark.parametrize("query", ["s=course&page=2", "s=course&page=abc", "s=a&x=1"])
def test_unknown_parameter_of_the_palette__is_named(admin_client: Client, query: str) -> None:
    response = admin_client.get(f"{reverse('admin:search')}?{query}")
    name = query.split("&")[1].split("=")[0]
    assert response.content.decode() == f"The palette has no parameter '{name}'."
