"""Lists: filters, search and order."""

from typing import Any

import pytest
from django.db import models
from django.http import QueryDict
from django.test import Client

from analytics.models import AnalyticsEvent
from communication.models import Message
from config.admin.bounds import estimates
from courses.models import Course
from tests.admin.pages import changelist_of, each_model, url
from tests.factories import AnalyticsEventFactory, CourseFactory, UserFactory
from tests.support.migrations import run_sql
from users.models import User

pytestmark = pytest.mark.django_db


def listed(model: type[models.Model], **parameters: Any) -> list[Any]:
    """Return the keys of the rows that the list shows."""
    return [row.pk for row in changelist_of(model, **parameters).result_list]


@each_model
def test_every_choice_of_every_filter__is_understood(model: type[models.Model]) -> None:
    found = changelist_of(model)
    queries = [
        choice["query_string"]
        for spec in found.filter_specs
        for choice in spec.choices(found)
        if "query_string" in choice
    ]
    chosen = [changelist_of(model, **dict(QueryDict(query[1:]).lists())) for query in queries]
    assert [mistake for each in chosen for mistake in each.mistakes] == []


@pytest.mark.parametrize("term", ['"', '"a b', "\\", "' OR 1=1 --", "1", "   "])
def test_odd_search__opens(admin_client: Client, term: str) -> None:
    assert admin_client.get(url(Message, "changelist"), {"q": term}).status_code == 200


# Filters by enum fields


@pytest.mark.parametrize("lookup", ["", "__exact", "__in"])
def test_filter_by_a_label__finds_its_rows(lookup: str) -> None:
    CourseFactory.create(archived=True)
    course = CourseFactory.create()
    assert listed(Course, **{f"status{lookup}": "draft"}) == [course.pk]


def test_filter_by_several_labels__finds_the_rows_of_each() -> None:
    CourseFactory.create(archived=True)
    courses = [CourseFactory.create(), CourseFactory.create(pending_review=True)]
    found = listed(Course, status__in="draft,pending_review")
    assert sorted(found) == sorted(course.pk for course in courses)


def test_filter_by_a_label__marks_the_label() -> None:
    parameters = {"status__exact": "draft"}
    changelist = changelist_of(Course, **parameters)
    choices = list(changelist.filter_specs[0].choices(changelist))
    assert [choice["display"] for choice in choices if choice["selected"]] == ["Draft"]


# Search


def test_search_for_the_id_of_a_user__finds_the_user() -> None:
    user = UserFactory.create()
    assert listed(User, q=str(user.pk)) == [user.pk]


def test_estimate_of_a_table_in_partitions__is_the_sum_over_them() -> None:
    AnalyticsEventFactory.create_batch(3)
    run_sql("ANALYZE analytics_events_default")
    assert estimates([AnalyticsEvent])[AnalyticsEvent] == 3
