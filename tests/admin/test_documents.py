"""JSON documents in forms: digits and typed text are kept."""

from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.test import Client

from analytics.models import AnalyticsEvent
from assessments.models import Assignment, Question
from config.admin import documents
from config.admin.documents import DEEPEST, HALF_PAIR, NUL, TOO_DEEP, TOO_LONG
from config.postgres import JSONField
from courses.models import Lesson
from tests.admin.pages import BY_MODEL, errors, form_data, form_of, page_data, url, valid_data
from tests.factories import (
    AnalyticsEventFactory,
    AssignmentFactory,
    LessonFactory,
    QuestionFactory,
)
from tests.support.migrations import run_sql

DIGITS = (
    '{"a": 12345678901234567890.123, "b": 1.10, "c": 1.0, "d": 0.00000010, "e": -0.0, '
    f'"f": {"9" * 5000}, "g": [0.1, 1e-400], "h": 1e400, "é\\"": "1.10"}}'
)
"""A document with numbers that neither a float nor a Python int holds exactly."""


def store(lesson: Lesson, document: str) -> str:
    """Write the document to column `metadata`, and return its text in PostgreSQL."""
    with connection.cursor() as cursor:
        sql = "UPDATE lessons SET metadata = %s::jsonb WHERE id = %s RETURNING metadata::text"
        cursor.execute(sql, [document, lesson.pk])
        return str(cursor.fetchone()[0])


def stored(lesson: Lesson) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT metadata::text FROM lessons WHERE id = %s", [lesson.pk])
        return str(cursor.fetchone()[0])


def save(client: Client, lesson: Lesson, **changes: str) -> None:
    address = url(Lesson, "change", lesson.pk)
    # Browsers send line breaks in this form.
    data = {name: text.replace("\n", "\r\n") for name, text in page_data(client, address).items()}
    assert client.post(address, data | changes).status_code == 302


def test_document_of_a_form_with_another_change__stays_as_it_is(admin_client: Client) -> None:
    before = store(lesson := LessonFactory.create(), DIGITS)
    save(admin_client, lesson, title="Numbers")
    assert stored(lesson) == before


def test_document_with_another_change__keeps_its_digits(admin_client: Client) -> None:
    before = store(lesson := LessonFactory.create(), DIGITS)
    text = form_data(form_of(admin_client, url(Lesson, "change", lesson.pk)))["metadata"]
    save(admin_client, lesson, metadata=text.replace('"1.10"', '"2"'))
    assert stored(lesson) == before.replace('"1.10"', '"2"')


@pytest.mark.django_db
def test_row_saved_by_code__keeps_the_digits_of_its_document() -> None:
    before = store(lesson := LessonFactory.create(), DIGITS)
    Lesson.objects.get().save()
    assert stored(lesson) == before


def test_document_of_every_table__keeps_its_digits() -> None:
    fields = [field for model in BY_MODEL for field in model._meta.concrete_fields]
    documents = [field for field in fields if isinstance(field, models.JSONField)]
    assert {type(field) for field in documents} == {JSONField}


@pytest.mark.django_db
def test_row_dumped_and_loaded__has_numbers_in_its_document() -> None:
    lesson = LessonFactory.create(metadata={"a": [1.5, 2]})
    [loaded] = serializers.deserialize("json", serializers.serialize("json", Lesson.objects.all()))
    loaded.save()
    assert stored(lesson) == '{"a": [1.5, 2]}'


@pytest.mark.parametrize(("before", "after"), [("1.10", "1.1"), ("1", "1.0"), ("1", "true")])
def test_number_written_in_another_way__is_a_change(
    admin_client: Client, before: str, after: str
) -> None:
    store(lesson := LessonFactory.create(), f'{{"a": {before}}}')
    save(admin_client, lesson, metadata=f'{{"a": {after}}}')
    assert stored(lesson) == f'{{"a": {after}}}'


def test_numbers_in_a_read_only_document__have_all_digits(admin_client: Client) -> None:
    event = AnalyticsEventFactory.create()
    run_sql("UPDATE analytics_events SET event_data = '{\"a\": 1234567890.1234567890}'")
    html = admin_client.get(url(type(event), "change", event.pk)).content.decode()
    assert "&quot;a&quot;: 1234567890.1234567890" in html


def test_document_in_a_form__is_on_several_lines(admin_client: Client) -> None:
    lesson = LessonFactory.create(metadata={"player": {"speed": 1.5}, "name": "Žluť"})
    form = form_of(admin_client, url(Lesson, "change", lesson.pk))
    assert form["metadata"].value() == (
        '{\n  "name": "Žluť",\n  "player": {\n    "speed": 1.5\n  }\n}'
    )


def test_deep_document__is_shown_and_stays_as_it_is(admin_client: Client) -> None:
    deep = f'{{"a": {"[" * 3 * DEEPEST}{"]" * 3 * DEEPEST}}}'
    before = store(lesson := LessonFactory.create(), deep)
    save(admin_client, lesson, title="Deep")
    assert stored(lesson) == before


def test_null_document__is_an_empty_input(admin_client: Client) -> None:
    assignment = AssignmentFactory.create(rubric=None)
    form = form_of(admin_client, url(Assignment, "change", assignment.pk))
    assert form["rubric"].value() == ""


@pytest.mark.parametrize("text", ["", " ", "null"])
def test_document_removed__is_saved_as_null(admin_client: Client, text: str) -> None:
    address = url(Assignment, "change", AssignmentFactory.create(rubric={"a": 1}).pk)
    admin_client.post(address, page_data(admin_client, address) | {"rubric": text})
    assert Assignment.objects.filter(rubric__isnull=True).exists()


def test_document_changed__is_saved(admin_client: Client) -> None:
    lesson = LessonFactory.create()
    save(admin_client, lesson, metadata='{"a": [1, null]}')
    assert stored(lesson) == '{"a": [1, null]}'


def test_invalid_document__is_shown_as_it_was_typed(admin_client: Client) -> None:
    lesson = LessonFactory.create()
    address = url(Lesson, "change", lesson.pk)
    data = page_data(admin_client, address) | {"metadata": "{oops"}
    response = admin_client.post(address, data)
    assert response.context["adminform"].form["metadata"].value() == "{oops"


def test_empty_text_as_an_answer__is_saved(admin_client: Client) -> None:
    address = url(Question, "change", QuestionFactory.create().pk)
    admin_client.post(address, page_data(admin_client, address) | {"correct_answer": '""'})
    assert Question.objects.get().correct_answer == ""


REFUSED: list[Any] = [
    pytest.param(r'{"a": "\u0000"}', NUL, id="NUL"),
    pytest.param(r'{"a": "\u00001.5"}', NUL, id="NUL before a number"),
    pytest.param(r'{"a": "\ud800"}', HALF_PAIR, id="lone surrogate"),
    pytest.param(
        '{"a": -Infinity}',
        "-Infinity is not a number in JSON. Write null, or a string in quotes.",
        id="infinity",
    ),
    pytest.param('{"a": 1e131072}', TOO_LONG, id="large number"),
    pytest.param('{"a": 1e-16384}', TOO_LONG, id="small number"),
    pytest.param(f'{{"a": 1e{"9" * 30}}}', TOO_LONG, id="long exponent"),
    pytest.param(f'{{"a": {"9" * 131_073}}}', TOO_LONG, id="long number"),
    pytest.param(f"{'[' * 100_000}{']' * 100_000}", TOO_DEEP, id="deep nesting"),
    pytest.param(
        '{"a": 1, "a": 2}', "The key “a” occurs twice in an object. Keep one.", id="duplicate key"
    ),
    pytest.param(
        '{\n"a" 1}', "This is not JSON: Expecting ':' delimiter (line 2, column 5).", id="syntax"
    ),
]


@pytest.mark.parametrize(("document", "message"), REFUSED)
def test_document_that_cannot_be_stored_unchanged__is_refused(document: str, message: str) -> None:
    field = documents.JSONFormField(required=False)
    with pytest.raises(ValidationError) as refused:
        field.clean(document)
    assert refused.value.messages == [message]


def test_page_with_a_document_that_postgresql_cannot_store__refused_at_the_field(
    admin_client: Client,
) -> None:
    data = valid_data(admin_client, Lesson) | {"metadata": '{"a": 1e131072}'}
    assert errors(admin_client, url(Lesson, "add"), data) == {"metadata": [TOO_LONG]}


def test_document_with_a_backslash_before_what_looks_like_nul__is_saved(
    admin_client: Client,
) -> None:
    lesson = LessonFactory.create()
    save(admin_client, lesson, metadata=r'{"a": "\\u0000"}')
    assert stored(lesson) == r'{"a": "\\u0000"}'


def test_document_that_is_only_shown__has_numbered_lines(admin_client: Client) -> None:
    event = AnalyticsEventFactory.create(event_data={"a": "x\u2028y", "b": "<b>"})
    html = admin_client.get(url(AnalyticsEvent, "change", event.pk)).content.decode()
    lines = [
        "{",
        "  &quot;a&quot;: &quot;x\u2028y&quot;,",
        "  &quot;b&quot;: &quot;&lt;b&gt;&quot;",
    ]
    assert "\n".join(f'<span class="line">{line}</span>' for line in [*lines, "}"]) in html


def test_input_of_a_document__has_a_fixed_width_font(admin_client: Client) -> None:
    widget = form_of(admin_client, url(Lesson, "add")).fields["metadata"].widget
    assert widget.attrs["class"].split()[-1] == "json"
