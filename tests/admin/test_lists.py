"""The lists: filters, search and order, and whatever somebody writes into the URL."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection, models
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from analytics.models import AnalyticsEvent, CourseAnalytics, StudentAnalytics
from assessments.models import Assignment, AssignmentSubmission, Question, Quiz, QuizSubmission
from communication.models import Announcement, DiscussionPost, DiscussionThread, Message
from config.postgres.enums.field import EnumField
from courses.enums import CourseStatus
from courses.models import Course, CourseModule, Lesson
from enrollments.models import Certificate, Enrollment, LessonProgress
from notifications.models import Notification
from payments.models import Payment, Refund, Subscription
from tests.admin.pages import BY_MODEL, each_model, url
from tests.factories import CourseFactory, UserFactory
from users.models import User, UserProfile

ODD_SEARCHES = {"signs": "'%_ \\ Žluťoučký 🎓", "NUL": "a\x00b", "long": "x" * 10_000}
ODD_PARAMETERS = ["o=abc", "nonsense=1", "id=1"]
ENUM_FIELDS = [
    pytest.param(model, field, id=f"{model.__name__}-{field.name}")
    for model in BY_MODEL
    for field in model._meta.fields
    if isinstance(field, EnumField)
]


def model_admin(model: type[models.Model]) -> Any:
    return admin.site.get_model_admin(model)


def listed(client: Client, model: type[models.Model], **parameters: Any) -> list[Any]:
    """The keys of the rows that the list shows."""
    response = client.get(url(model, "changelist"), parameters)
    assert response.status_code == 200
    return [row.pk for row in response.context["cl"].result_list]


@each_model
def test_list_without_rows__opens(admin_client: Client, model: type[models.Model]) -> None:
    assert admin_client.get(url(model, "changelist")).status_code == 200


@each_model
def test_list_with_a_row__shows_it(admin_client: Client, model: type[models.Model]) -> None:
    row = BY_MODEL[model].create()
    assert row.pk in listed(admin_client, model)


@each_model
def test_list_of_more_rows__asks_no_more_queries(
    admin_client: Client, model: type[models.Model]
) -> None:
    traits = {"locked": True} if model is CourseModule else {}
    counts = []
    for _ in range(2):
        BY_MODEL[model].create_batch(3, **traits)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            listed(admin_client, model)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@each_model
def test_order_of_the_list__is_that_of_an_index(
    admin_client: Client, rf: RequestFactory, model: type[models.Model]
) -> None:
    request = rf.get(url(model, "changelist"))
    request.user = UserFactory.create(admin=True)
    rows = model_admin(model).get_changelist_instance(request).queryset[:100]
    with connection.cursor() as cursor:
        for method in ("seqscan", "sort", "incremental_sort"):
            cursor.execute(f"SET LOCAL enable_{method} = off")
    plan = [line.strip() for line in rows.explain(costs=False).splitlines()]
    assert not [line for line in plan if line.endswith("Sort")]


@each_model
def test_every_choice_of_every_filter__opens(
    admin_client: Client, model: type[models.Model]
) -> None:
    BY_MODEL[model].create()
    changelist = admin_client.get(url(model, "changelist")).context["cl"]
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


@pytest.mark.parametrize("term", ODD_SEARCHES.values(), ids=ODD_SEARCHES)
@each_model
def test_odd_search__opens(admin_client: Client, model: type[models.Model], term: str) -> None:
    assert admin_client.get(url(model, "changelist"), {"q": term}).status_code == 200


@pytest.mark.parametrize("term", ['"', '"a b', "\\", "' OR 1=1 --", "1", "   "])
def test_odder_search__opens(admin_client: Client, term: str) -> None:
    assert admin_client.get(url(Message, "changelist"), {"q": term}).status_code == 200


@pytest.mark.parametrize("query", ODD_PARAMETERS)
@each_model
def test_odd_parameter__opens_some_list(
    admin_client: Client, model: type[models.Model], query: str
) -> None:
    response = admin_client.get(f"{url(model, 'changelist')}?{query}", follow=True)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "o=99.-99",
        "e=1",
        "p=-1",
        "p=abc",
        "p=99999999999999999999",
        "all=",
        "_popup=1",
        "nonsense__exact=1",
        "id__in=1,2",
        "pk__isnull=maybe",
        "enrollment_count=99999999999999999999",
        "price=NaN",
        "metadata__a=1",
        "instructor=1",
        "status__contains=bogus",
        "status__gt=bogus",
        "status__isnull=bogus",
        "status__nonsense=bogus",
    ],
)
def test_odder_parameter__opens_some_list(admin_client: Client, query: str) -> None:
    CourseFactory.create()
    response = admin_client.get(f"{url(Course, 'changelist')}?{query}", follow=True)
    assert response.status_code == 200


@pytest.mark.parametrize("query", ["_to_field=nonsense", "instructor__password__startswith=a"])
def test_parameter_that_reaches_too_far__is_refused(admin_client: Client, query: str) -> None:
    assert admin_client.get(f"{url(Course, 'changelist')}?{query}").status_code == 400


@each_model
def test_filter_by_a_time_that_is_none__opens_the_list_without_it(
    admin_client: Client, model: type[models.Model]
) -> None:
    field = next(field for field in model._meta.fields if isinstance(field, models.DateTimeField))
    response = admin_client.get(url(model, "changelist"), {f"{field.name}__gte": "foo"})
    assert (response.status_code, response.headers.get("Location")) == (
        302,
        f"{url(model, 'changelist')}?e=1",
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("query", ["title=%00", "title__regex=(", "price=1e999999"])
def test_value_that_only_postgresql_refuses__opens_the_list_without_it(
    admin_client: Client, query: str
) -> None:
    response = admin_client.get(f"{url(Course, 'changelist')}?{query}")
    assert (response.status_code, response.headers.get("Location")) == (
        302,
        f"{url(Course, 'changelist')}?e=1",
    )


def test_value_that_only_a_lookup_refuses__opens_the_list_without_it(admin_client: Client) -> None:
    response = admin_client.get(f"{url(UserProfile, 'changelist')}?privacy_settings__range=(")
    assert response.headers["Location"] == f"{url(UserProfile, 'changelist')}?e=1"


# Filters by enum fields


@pytest.mark.parametrize(("model", "field"), ENUM_FIELDS)
def test_enum_field__has_a_filter(model: type[models.Model], field: EnumField) -> None:
    assert field.name in model_admin(model).list_filter


@pytest.mark.parametrize("lookup", ["", "__exact", "__in"])
@pytest.mark.parametrize(("model", "field"), ENUM_FIELDS)
def test_filter_by_a_label__finds_its_rows(
    admin_client: Client, model: type[models.Model], field: EnumField, lookup: str
) -> None:
    row = BY_MODEL[model].create()
    label = getattr(row, field.name)
    other = next(other for other in field.labels if other != label)
    found = listed(admin_client, model, **{field.name + lookup: label})
    others = listed(admin_client, model, **{field.name + lookup: other})
    assert row.pk in found
    assert row.pk not in others


@pytest.mark.parametrize("lookup", ["", "__exact", "__in"])
@pytest.mark.parametrize(("model", "field"), ENUM_FIELDS)
def test_filter_by_what_is_no_label__finds_nothing(
    admin_client: Client, model: type[models.Model], field: EnumField, lookup: str
) -> None:
    BY_MODEL[model].create()
    assert listed(admin_client, model, **{field.name + lookup: "bogus"}) == []


@pytest.mark.parametrize("lookup", ["", "__exact", "__in"])
@pytest.mark.parametrize("value", ["", "\x00", "'", "DRAFT", "Draft", "draft ", "a,b"])
def test_filter_by_what_looks_like_a_label__finds_nothing(
    admin_client: Client, lookup: str, value: str
) -> None:
    CourseFactory.create()
    assert listed(admin_client, Course, **{f"status{lookup}": value}) == []


def test_filter_by_several_labels__finds_the_rows_of_each(admin_client: Client) -> None:
    CourseFactory.create(archived=True)
    courses = [CourseFactory.create(), CourseFactory.create(pending_review=True)]
    found = listed(admin_client, Course, status__in="draft,pending_review")
    assert sorted(found) == sorted(course.pk for course in courses)


def test_filter_by_a_label_and_by_what_is_none__finds_nothing(admin_client: Client) -> None:
    CourseFactory.create()
    assert listed(admin_client, Course, status__in="draft,bogus") == []


def test_filter_by_a_label__marks_it(admin_client: Client) -> None:
    response = admin_client.get(url(Course, "changelist"), {"status__exact": "draft"})
    changelist = response.context["cl"]
    choices = list(changelist.filter_specs[0].choices(changelist))
    assert [choice["display"] for choice in choices if choice["selected"]] == ["Draft"]


def test_counts_of_filters__are_not_to_be_had(admin_client: Client) -> None:
    changelist = admin_client.get(url(Course, "changelist"), {"_facets": "True"}).context["cl"]
    assert [choice["display"] for choice in changelist.filter_specs[0].choices(changelist)] == [
        "All",
        *CourseStatus.labels,
    ]


# Search


SEARCHES: list[Any] = [
    (User, {"email": "ann@example.com"}, "Ann@"),
    (UserProfile, {"full_name": "Ann Example"}, "example"),
    (UserProfile, {"user__email": "ann@example.com"}, "ann@"),
    (Course, {"title": "Advanced SQL"}, "sql"),
    (Course, {"instructor__email": "ann@example.com"}, "ann@"),
    (CourseModule, {"title": "Joins"}, "join"),
    (Lesson, {"module__course__title": "SQL"}, "sql"),
    (Enrollment, {"student__email": "ann@example.com"}, "Ann@example.com"),
    (Enrollment, {"course__slug": "sql"}, "sql"),
    (LessonProgress, {"enrollment__student__email": "ann@example.com"}, "ann@example.com"),
    (Certificate, {"certificate_id": "C-1"}, "C-1"),
    (Certificate, {"enrollment__student__email": "ann@example.com"}, "ann@example.com"),
    (Quiz, {"title": "Joins"}, "join"),
    (Question, {"question_text": "What is a join?"}, "join"),
    (QuizSubmission, {"enrollment__student__email": "ann@example.com"}, "ann@example.com"),
    (Assignment, {"title": "Joins"}, "join"),
    (AssignmentSubmission, {"enrollment__student__email": "ann@example.com"}, "ann@example.com"),
    (Message, {"sender__email": "ann@example.com"}, "ann@example.com"),
    (Message, {"recipient__email": "ann@example.com"}, "ann@example.com"),
    (
        Message,
        {"conversation_id": "01a204f2-dd54-7217-8914-12ab7cfde595"},
        "01a204f2-dd54-7217-8914-12ab7cfde595",
    ),
    (DiscussionThread, {"title": "Joins"}, "join"),
    (DiscussionPost, {"content": "Use a join."}, "join"),
    (Announcement, {"title": "Joins"}, "join"),
    (Notification, {"recipient__email": "ann@example.com"}, "ann@example.com"),
    (CourseAnalytics, {"course__title": "SQL"}, "sql"),
    (StudentAnalytics, {"user__email": "ann@example.com"}, "ann@"),
    (AnalyticsEvent, {"user__email": "ann@example.com"}, "ann@example.com"),
    (Payment, {"stripe_payment_intent_id": "pi_x"}, "pi_x"),
    (Payment, {"stripe_checkout_session_id": "cs_x"}, "cs_x"),
    (Payment, {"user__email": "ann@example.com"}, "ann@example.com"),
    (Subscription, {"stripe_subscription_id": "sub_x"}, "sub_x"),
    (Subscription, {"stripe_customer_id": "cus_x"}, "cus_x"),
    (Refund, {"stripe_refund_id": "re_x"}, "re_x"),
    (Refund, {"payment__stripe_payment_intent_id": "pi_x"}, "pi_x"),
    (Refund, {"payment__user__email": "ann@example.com"}, "ann@example.com"),
]


@pytest.mark.parametrize(("model", "values", "term"), SEARCHES)
def test_search__finds_exactly_the_row(
    admin_client: Client, model: type[models.Model], values: dict[str, Any], term: str
) -> None:
    BY_MODEL[model].create()
    row = BY_MODEL[model].create(**values)
    assert listed(admin_client, model, q=term) == [row.pk]


def test_searches__try_every_model() -> None:
    assert {model for model, _, _ in SEARCHES} == set(BY_MODEL)


def test_search_for_the_id_of_a_user__finds_the_user(admin_client: Client) -> None:
    user = UserFactory.create()
    assert listed(admin_client, User, q=str(user.pk)) == [user.pk]
