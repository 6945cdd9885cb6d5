"""Names of rows have visible characters and differ from each other."""

from contextlib import suppress
from typing import Any

import pytest
from django.db import models, transaction
from django.db.utils import IntegrityError
from django.test import Client

from courses.models import Course
from tests.admin.pages import BY_MODEL, TRAITS, each_model, model_admin, url
from tests.factories import CourseFactory, QuestionFactory, QuizFactory


@each_model
@pytest.mark.django_db
def test_rows_with_the_same_texts__have_different_names(model: type[models.Model]) -> None:
    one, other = BY_MODEL[model].create_batch(2, **TRAITS.get(model, {}))
    for field in model._meta.concrete_fields:
        if isinstance(field, models.CharField | models.TextField):
            copy_unless_unique(model, one, other, field.name)
    rows = model._base_manager.filter(pk__in=[one.pk, other.pk])
    assert len({str(row) for row in rows}) == 2


def copy_unless_unique(model: type[models.Model], one: Any, other: Any, field: str) -> None:
    with suppress(IntegrityError), transaction.atomic():
        model._base_manager.filter(pk=other.pk).update(**{field: getattr(one, field)})


def test_quiz_to_choose_from__names_its_lesson_module_and_course(admin_client: Client) -> None:
    quiz = QuizFactory.create(
        title="Quiz",
        lesson__title="Joins",
        lesson__order_number=3,
        lesson__module__order_number=2,
        lesson__module__course__title="SQL",
        lesson__module__course__slug="sql",
    )
    asked = {"app_label": "assessments", "model_name": "question", "field_name": "quiz"}
    answer = admin_client.get("/admin/autocomplete/", asked | {"term": "sql quiz"}).json()
    assert answer["results"] == [{"id": str(quiz.pk), "text": "Quiz · SQL: 2.3 Joins"}]


def test_row_within_the_form_of_its_parent__is_named_without_the_parent(
    admin_client: Client,
) -> None:
    question = QuestionFactory.create(question_text="Which join?")
    page = admin_client.get(url(type(question.quiz), "change", question.quiz.pk))
    assert '<strong class="font-semibold select-none">Which join?</strong>' in page.text


def test_invisible_title__has_a_visible_link() -> None:
    course = CourseFactory.build(title="\u200b")
    assert model_admin(Course).columns[0](course) == "(blank)"
