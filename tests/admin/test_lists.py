"""Lists: filters, search and order, with any parameters in the URL."""

from typing import Any

import pytest
from django.db import connection, models
from django.test import Client

from analytics.models import AnalyticsEvent
from communication.models import Message
from config.admin.bounds import estimates
from courses.models import Course, CourseModule
from payments.models import Payment
from tests.admin.pages import BY_MODEL, context_of, each_of, url
from tests.factories import AnalyticsEventFactory, CourseFactory, UserFactory
from users.models import User


def listed(client: Client, model: type[models.Model], **parameters: Any) -> list[Any]:
    """Return the keys of the rows that the list shows."""
    context = context_of(client, url(model, "changelist"), parameters)
    return [row.pk for row in context["cl"].result_list]


@each_of(Course, CourseModule, Payment, User)
def test_every_choice_of_every_filter__opens(
    admin_client: Client, model: type[models.Model]
) -> None:
    BY_MODEL[model].create()
    changelist = context_of(admin_client, url(model, "changelist"))["cl"]
    queries = [
        choice["query_string"]
        for spec in changelist.filter_specs
        for choice in spec.choices(changelist)
        if "query_string" in choice
    ]
    statuses = {
        query: admin_client.get(url(model, "changelist") + query).status_code for query in queries
    }
    assert set(statuses.values()) <= {200}


@pytest.mark.parametrize("term", ['"', '"a b', "\\", "' OR 1=1 --", "1", "   "])
def test_odd_search__opens(admin_client: Client, term: str) -> None:
    assert admin_client.get(url(Message, "changelist"), {"q": term}).status_code == 200


# Filters by enum fields


@pytest.mark.parametrize("lookup", ["", "__exact", "__in"])
def test_filter_by_a_label__finds_its_rows(admin_client: Client, lookup: str) -> None:
    CourseFactory.create(archived=True)
    course = CourseFactory.create()
    assert listed(admin_client, Course, **{f"status{lookup}": "draft"}) == [course.pk]


def test_filter_by_several_labels__finds_the_rows_of_each(admin_client: Client) -> None:
    CourseFactory.create(archived=True)
    courses = [CourseFactory.create(), CourseFactory.create(pending_review=True)]
    found = listed(admin_client, Course, status__in="draft,pending_review")
    assert sorted(found) == sorted(course.pk for course in courses)


def test_filter_by_a_label__marks_the_label(admin_client: Client) -> None:
    parameters = {"status__exact": "draft"}
    changelist = context_of(admin_client, url(Course, "changelist"), parameters)["cl"]
    choices = list(changelist.filter_specs[0].choices(changelist))
    assert [choice["display"] for choice in choices if choice["selected"]] == ["Draft"]


# Search


def test_search_for_the_id_of_a_user__finds_the_user(admin_client: Client) -> None:
    user = UserFactory.create()
    assert listed(admin_client, User, q=str(user.pk)) == [user.pk]


@pytest.mark.django_db
def test_estimate_of_a_table_in_partitions__is_the_sum_over_them() -> None:
    AnalyticsEventFactory.create_batch(3)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE analytics_events_default")
    assert estimates([AnalyticsEvent])[AnalyticsEvent] == 3
