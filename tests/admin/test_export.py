"""The export of a filtered list as CSV and JSON, streamed and without secrets."""

import csv
import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analytics.models import AnalyticsEvent
from assessments.models import Question
from config.admin import export
from courses.models import Course, Lesson
from enrollments.models import Enrollment
from tests.admin.pages import BY_MODEL, each_of
from tests.factories import (
    CourseFactory,
    EnrollmentFactory,
    LessonFactory,
    QuestionFactory,
    UserFactory,
)
from tests.support.migrations import run_sql
from users.models import User


def export_url(model: type[models.Model], format_: str) -> str:
    opts = model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_export", args=[format_])


def text(client: Client, model: type[models.Model], format_: str, **parameters: Any) -> str:
    response: Any = client.get(export_url(model, format_), parameters)
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def read_csv(client: Client, model: type[models.Model], **parameters: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text(client, model, "csv", **parameters))))


def read_json(client: Client, model: type[models.Model], **parameters: Any) -> list[Any]:
    return list(json.loads(text(client, model, "json", **parameters)))


@each_of(User, AnalyticsEvent)
def test_csv__has_the_columns_of_the_table_and_its_rows(
    admin_client: Client, model: type[models.Model]
) -> None:
    keys = {str(BY_MODEL[model].create().pk) for _ in range(2)}
    key = str(model._meta.pk.column)
    rows = read_csv(admin_client, model)
    secret = {"password_hash", "verification_token", "password_reset_token"}
    assert set(rows[0]) == {field.column for field in model._meta.concrete_fields} - secret
    assert keys <= {row[key] for row in rows}


@each_of(User, AnalyticsEvent)
def test_json__has_the_same_rows_as_csv(admin_client: Client, model: type[models.Model]) -> None:
    BY_MODEL[model].create()
    key = str(model._meta.pk.column)
    assert [row[key] for row in read_json(admin_client, model)] == [
        row[key] for row in read_csv(admin_client, model)
    ]


def test_json__keeps_documents_numbers_and_nulls(admin_client: Client) -> None:
    LessonFactory.create(metadata={"a": [1, None]}, duration_minutes=None, order_number=7)
    [lesson] = read_json(admin_client, Lesson)
    assert (lesson["metadata"], lesson["duration_minutes"], lesson["order_number"]) == (
        {"a": [1, None]},
        None,
        7,
    )


def test_csv_of_a_document__is_json(admin_client: Client) -> None:
    LessonFactory.create(metadata={"name": "Žluť"})
    assert read_csv(admin_client, Lesson)[0]["metadata"] == '{"name": "Žluť"}'


def test_json__has_times_to_the_microsecond(admin_client: Client) -> None:
    course = CourseFactory.create(created_at="2026-01-02 03:04:05.678901Z")
    assert read_json(admin_client, Course, id__exact=course.pk)[0]["created_at"] == (
        "2026-01-02T03:04:05.678901+00:00"
    )


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_number_that_python_cannot_read__is_exported_unchanged(
    admin_client: Client, format_: str
) -> None:
    LessonFactory.create()
    run_sql("""UPDATE lessons SET metadata = '{"": [1e4400, 1.10]}'""")
    assert f"[1{'0' * 4400}, 1.10]" in text(admin_client, Lesson, format_)


def test_csv_of_a_document_that_is_a_negative_number__stays_a_number(admin_client: Client) -> None:
    QuestionFactory.create(correct_answer=-5)
    assert read_csv(admin_client, Question)[0]["correct_answer"] == "-5"


def test_csv_of_null__differs_from_empty_text(admin_client: Client) -> None:
    lesson = LessonFactory.create(
        content_url="https://e.org/", content_text="", duration_minutes=None
    )
    row = text(admin_client, Lesson, "csv").splitlines()[1]
    assert f'"{lesson.title}"' in row
    assert ',"",' in row
    assert ",," in row


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", "\uff1d1"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((formula, f"'{formula}") for formula in FORMULAS),
        *((text, text) for text in ('"', "a,b", "a\nb", "<b>", "🎓")),
        (-1, "-1"),
    ],
)
def test_csv_of_a_value__is_never_a_formula(value: object, expected: str) -> None:
    lines = "".join(export.write_csv(["title"], iter([(value,)])))
    assert list(csv.reader(StringIO(lines, newline=""))) == [["title"], [expected]]


def test_csv_for_excel__has_a_byte_order_mark_and_the_same_rows(admin_client: Client) -> None:
    CourseFactory.create(title="Žluť")
    plain = text(admin_client, Course, "csv", status="draft")
    assert text(admin_client, Course, "csv", status="draft", excel="") == f"\ufeff{plain}"
    assert not plain.startswith("\ufeff")


@pytest.mark.parametrize(("format_", "query"), [("csv", "excel=no"), ("json", "excel")])
def test_parameter_for_excel_that_is_not_understood__is_refused(
    admin_client: Client, format_: str, query: str
) -> None:
    assert admin_client.get(f"{export_url(Course, format_)}?{query}").status_code in (400, 404)


def test_export_of_a_filtered_list__has_only_its_rows(admin_client: Client) -> None:
    CourseFactory.create()
    archived = CourseFactory.create(archived=True, title="Advanced SQL")
    CourseFactory.create(archived=True)
    rows = read_csv(admin_client, Course, status__exact="archived", q="sql")
    assert [row["id"] for row in rows] == [str(archived.pk)]


def test_export_of_no_rows__is_a_header_or_an_empty_array(admin_client: Client) -> None:
    assert text(admin_client, Course, "csv").startswith("id,created_at,")
    assert read_json(admin_client, Course) == []


def test_export_of_more_rows_than_a_piece__has_each_row_once(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PIECE", 2)
    courses = CourseFactory.create_batch(5)
    assert [row["id"] for row in read_json(admin_client, Course)] == [str(c.pk) for c in courses]


def test_export_of_more_rows_than_a_piece__reads_a_piece_at_a_time(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PIECE", 2)
    CourseFactory.create_batch(5)
    rows = export.read(Course.objects.all(), [Course._meta.pk])
    with CaptureQueriesContext(connection) as queries:
        next(rows)
    assert len(queries) == 1


def test_export_of_rows_with_foreign_keys__joins_no_table(admin_client: Client) -> None:
    EnrollmentFactory.create()
    with CaptureQueriesContext(connection) as queries:
        read_csv(admin_client, Enrollment)
    assert [query["sql"] for query in queries if "JOIN" in query["sql"]][1:] == []


def test_export__is_a_file_named_after_the_table(admin_client: Client) -> None:
    response = admin_client.get(export_url(Course, "csv"))
    assert response.headers["Content-Disposition"] == 'attachment; filename="courses.csv"'
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_export_of_users__has_no_secret(admin_client: Client, format_: str) -> None:
    user = UserFactory.create(password="Very-Secret-1", verifying=True, resetting_password=True)
    exported = text(admin_client, User, format_)
    secrets = (user.password, user.verification_token, user.password_reset_token)
    assert not [secret for secret in secrets if str(secret) in exported]


@pytest.mark.parametrize("path", ["xml", "..", "CSV"])
def test_export_in_another_format__is_not_found(admin_client: Client, path: str) -> None:
    assert admin_client.get(export_url(Course, path)).status_code == 404


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("price_from=x", "Price from: 'x' is not a number; write 12.5."),
        ("created_at__gte=x", "created_at__gte: 'x' is not a value of this filter."),
        ("o=99", "The list cannot be sorted by column '99'. Click a heading to sort it."),
        ("p=2", "There is no page 2: the list has 1 page.\np: an export has no pages."),
        ("p=1", "p: an export has no pages."),
    ],
)
def test_export_with_an_invalid_filter__exports_nothing_and_says_why(
    admin_client: Client, query: str, message: str
) -> None:
    CourseFactory.create()
    response = admin_client.get(f"{export_url(Course, 'csv')}?{query}")
    assert (response.status_code, response.content.decode()) == (400, message)


def test_list__links_its_exports_with_the_filter(admin_client: Client) -> None:
    CourseFactory.create()
    response = admin_client.get(reverse("admin:courses_course_changelist") + "?status=draft&p=1")
    html = response.content.decode()
    assert f'href="{export_url(Course, "csv")}?status=draft"' in html
    assert f'href="{export_url(Course, "csv")}?status=draft&amp;excel"' in html
    assert f'href="{export_url(Course, "json")}?status=draft"' in html
    assert not list(get_messages(response.wsgi_request))
