"""The number of queries of each page does not depend on the number of rows."""

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from analytics.models import AnalyticsEvent
from assessments.models import Quiz
from communication.models import DiscussionPost, Message
from courses.models import Course, CourseModule
from enrollments.models import LessonProgress
from tests.admin.pages import (
    BY_MODEL,
    TRAITS,
    add_form,
    each_of,
    form_data,
    representative,
    unrendered,
    url,
)
from tests.factories import (
    AssignmentSubmissionFactory,
    CourseFactory,
    CourseModuleFactory,
    EnrollmentFactory,
    LessonProgressFactory,
    QuizSubmissionFactory,
    UserFactory,
)
from users.models import User, UserProfile

TRANSACTIONS = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SET")
SESSION = 3
"""Queries of every page: the session, its user, and the time zone of the user's profile."""


def statements(client: Client, address: str, **parameters: Any) -> list[str]:
    """Return the queries of the page, except those of transactions."""
    with unrendered():
        client.get(address, parameters)  # fills the caches
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address, parameters).status_code == 200
    every = [query["sql"] for query in queries]
    return [sql for sql in every if not sql.startswith(TRANSACTIONS)]


def number(client: Client, address: str, **parameters: Any) -> int:
    asked = statements(client, address, **parameters)
    return len([sql for sql in asked if "set_config" not in sql])


def create(model: type[models.Model], rows: int) -> list[models.Model]:
    return list(BY_MODEL[model].create_batch(rows, **TRAITS.get(model, {})))


# Lists


@representative
def test_list__takes_three_queries(admin_client: Client, model: type[models.Model]) -> None:
    create(model, 3)
    few = number(admin_client, url(model, "changelist"))
    create(model, 6)
    assert (few, number(admin_client, url(model, "changelist"))) == (SESSION + 3, SESSION + 3)


@representative
def test_list_of_no_rows__takes_one_query(admin_client: Client, model: type[models.Model]) -> None:
    address = url(model, "changelist")
    parameters = {f"{model._meta.pk.name}__exact": "01a204f2-dd54-7217-8914-12ab7cfde595"}
    assert number(admin_client, address, **parameters) == SESSION + 1


@representative
def test_list__reads_and_counts_no_whole_table(
    admin_client: Client, model: type[models.Model]
) -> None:
    create(model, 1)
    asked = statements(admin_client, url(model, "changelist"))[SESSION:]
    assert not [sql for sql in asked if "count(*)" in sql.lower() and "LIMIT" not in sql]
    bounds = ("LIMIT", " IN (", "set_config")
    assert not [sql for sql in asked if not any(bound in sql for bound in bounds)]


# Records

# One query reads the row with the records that it refers to, and another counts the related rows.
# Further queries are for inlines and for the input of each foreign key.
RECORD: dict[type[models.Model], int] = {
    User: 3,
    Course: 4,
    CourseModule: 5,
    Quiz: 4,
    Message: 4,
    AnalyticsEvent: 1,
}


@each_of(*RECORD)
def test_record__takes_its_number_of_queries(
    admin_client: Client, model: type[models.Model]
) -> None:
    [row] = create(model, 1)
    address = url(model, "change", row.pk)
    assert number(admin_client, address) - SESSION == RECORD[model]


def test_record_of_more_related_rows__takes_no_more_queries(admin_client: Client) -> None:
    course = CourseFactory.create()
    counts = []
    for _ in range(2):
        CourseModuleFactory.create_batch(3, course=course)
        EnrollmentFactory.create_batch(3, course=course)
        counts.append(number(admin_client, url(type(course), "change", course.pk)))
    assert counts[0] == counts[1]


@representative
def test_history__takes_two_queries(admin_client: Client, model: type[models.Model]) -> None:
    [row] = create(model, 1)
    ContentType.objects.get_for_model(model)
    assert number(admin_client, url(model, "history", row.pk)) == SESSION + 2


@each_of(Course, DiscussionPost)
def test_deletion_of_more_selected_rows__takes_no_more_queries(
    admin_client: Client, model: type[models.Model]
) -> None:
    rows = create(model, 4)
    counts = []
    for some in (rows[:1], rows):
        form = {"action": "delete_selected", "_selected_action": [row.pk for row in some]}
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.post(url(model, "changelist"), form).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@each_of(Course, DiscussionPost)
def test_deletion_page__takes_two_queries_and_the_row(
    admin_client: Client, model: type[models.Model]
) -> None:
    [row] = create(model, 1)
    assert number(admin_client, url(model, "delete", row.pk)) == SESSION + 2


def test_deletion_page_of_more_rows__takes_no_more_queries(admin_client: Client) -> None:
    user = UserFactory.create()
    counts = []
    for _ in range(2):
        LessonProgressFactory.create_batch(2, enrollment__student=user)
        QuizSubmissionFactory.create(enrollment__student=user)
        AssignmentSubmissionFactory.create(enrollment__student=user)
        counts.append(number(admin_client, f"/admin/users/user/{user.pk}/erase/"))
    assert counts == [SESSION + 3, SESSION + 3]  # the account, its log, and the deleted rows


def test_deactivation_of_more_accounts__takes_no_more_queries(admin_client: Client) -> None:
    ContentType.objects.get_for_model(User)
    counts = []
    for some in (1, 4):
        users = [user.pk for user in UserFactory.create_batch(some)]
        form = {"action": "deactivate", "_selected_action": users}
        with CaptureQueriesContext(connection) as queries:
            admin_client.post(url(User, "changelist"), form)
        assert User.objects.filter(pk__in=users, deleted_at__isnull=False).count() == some
        counts.append(len(queries))
    assert counts[0] == counts[1]


@each_of(Course, UserProfile)
def test_add_form__takes_no_query(admin_client: Client, model: type[models.Model]) -> None:
    ContentType.objects.get_for_model(model)
    assert number(admin_client, url(model, "add")) == SESSION


@pytest.mark.django_db
def test_form_that_meets_all_checks__takes_one_query_for_them() -> None:
    form, row = add_form(Course), CourseFactory.create()
    data = form_data(form(instance=row))
    row.delete()
    with CaptureQueriesContext(connection) as queries:
        assert form(data).is_valid()
    assert len([query for query in queries if "_check" in query["sql"]]) == 1


@each_of(LessonProgress, Message)
def test_autocompletion__takes_two_queries_and_those_of_the_search(
    admin_client: Client, model: type[models.Model]
) -> None:
    create(model, 2)
    for field in model._meta.concrete_fields:
        if field.is_relation:
            asked = {
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": field.name,
            }
            assert number(admin_client, "/admin/autocomplete/", **asked) <= SESSION + 3
