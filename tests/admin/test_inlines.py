"""Inlines: rows in the form of their parent."""

from collections.abc import Iterable
from typing import Any

import pytest
from django.db import models
from django.test import Client

from assessments.models import Quiz
from courses.models import CourseModule
from tests.admin.pages import context_of, errors, page_data, post, url
from tests.factories import (
    CourseFactory,
    CourseModuleFactory,
    LessonFactory,
    QuestionFactory,
    QuizFactory,
    UserFactory,
    UserProfileFactory,
)
from users.models import User, UserProfile


def inline_rows(client: Client, row: models.Model, **parameters: str) -> list[models.Model]:
    context = context_of(client, url(type(row), "change", row.pk), parameters)
    [inline] = context["inline_admin_formsets"]
    return [form.instance for form in inline.formset.forms]


def save(client: Client, row: models.Model, **changes: str) -> Any:
    address = url(type(row), "change", row.pk)
    return post(client, address, page_data(client, address) | changes)


@pytest.mark.parametrize(
    ("parent", "factory", "path"),
    [
        (CourseFactory, CourseModuleFactory, "course"),
        (CourseModuleFactory, LessonFactory, "module"),
        (QuizFactory, QuestionFactory, "quiz"),
        (UserFactory, UserProfileFactory, "user"),
    ],
)
def test_rows_of_a_parent__are_in_its_form(
    admin_client: Client, parent: Any, factory: Any, path: str
) -> None:
    row = parent.create()
    child = factory.create(**{path: row})
    factory.create()
    assert inline_rows(admin_client, row) == [child]


def test_page_of_inlines__has_ten_rows(admin_client: Client) -> None:
    quiz = QuizFactory.create()
    questions = QuestionFactory.create_batch(12, quiz=quiz)
    assert inline_rows(admin_client, quiz) == questions[:10]
    assert inline_rows(admin_client, quiz, **{"questions-page": "2"}) == questions[10:]


@pytest.mark.parametrize("page", ["0", "-1", "abc", "99", "²", "%00"])
def test_invalid_page_of_inlines__is_the_first(admin_client: Client, page: str) -> None:
    question = QuestionFactory.create()
    assert inline_rows(admin_client, question.quiz, **{"questions-page": page}) == [question]


def test_module_added_in_the_form_of_its_course__is_saved(admin_client: Client) -> None:
    course = CourseFactory.create()
    added = {
        "modules-TOTAL_FORMS": "1",
        "modules-0-course": str(course.pk),
        "modules-0-order_number": "1",
        "modules-0-title": "Joins",
        "modules-0-duration_minutes": "5",
    }
    assert save(admin_client, course, **added).status_code == 302
    assert list(course.modules.values_list("title", "order_number")) == [("Joins", 1)]


POSITIONS = pytest.mark.parametrize(
    ("parent", "factory", "path", "prefix"),
    [
        (CourseFactory, CourseModuleFactory, "course", "modules"),
        (CourseModuleFactory, LessonFactory, "module", "lessons"),
        (QuizFactory, QuestionFactory, "quiz", "questions"),
    ],
)


def numbered(parent: models.Model, factory: Any, path: str, numbers: Iterable[int]) -> list[Any]:
    return [factory.create(**{path: parent, "order_number": number}) for number in numbers]


def numbers_of(rows: list[Any]) -> list[int]:
    for row in rows:
        row.refresh_from_db()
    return [row.order_number for row in rows]


@POSITIONS
def test_rows_that_exchange_their_numbers__are_saved(
    admin_client: Client, parent: Any, factory: Any, path: str, prefix: str
) -> None:
    owner = parent.create()
    rows = numbered(owner, factory, path, (1, 2, 3))
    rotated = {f"{prefix}-{row}-order_number": str(row + 2) for row in range(2)}
    assert (
        save(admin_client, owner, **rotated, **{f"{prefix}-2-order_number": "1"}).status_code == 302
    )
    assert numbers_of(rows) == [2, 3, 1]


def test_row_that_takes_the_number_of_a_deleted_one__is_saved(admin_client: Client) -> None:
    course = CourseFactory.create()
    _, second = numbered(course, CourseModuleFactory, "course", (1, 2))
    changes = {"modules-0-DELETE": "on", "modules-1-order_number": "1"}
    assert save(admin_client, course, **changes).status_code == 302
    assert list(course.modules.all()) == [second]
    assert numbers_of([second]) == [1]


def test_row_added_with_the_number_of_a_row_that_moves__is_saved(admin_client: Client) -> None:
    course = CourseFactory.create()
    [first] = numbered(course, CourseModuleFactory, "course", [1])
    changes = {
        "modules-0-order_number": "2",
        "modules-TOTAL_FORMS": "2",
        "modules-1-course": str(course.pk),
        "modules-1-order_number": "1",
        "modules-1-title": "Joins",
        "modules-1-duration_minutes": "5",
    }
    assert save(admin_client, course, **changes).status_code == 302
    assert list(course.modules.values_list("title", flat=True)) == ["Joins", first.title]


def position_errors(response: Any) -> list[Any]:
    [inline] = response.context_data["inline_admin_formsets"]
    return [dict(form.errors).get("order_number") for form in inline.formset.forms]


def test_number_of_another_row__is_refused_with_its_name(admin_client: Client) -> None:
    course = CourseFactory.create()
    rows = numbered(course, CourseModuleFactory, "course", (1, 2))
    response = save(admin_client, course, **{"modules-0-order_number": "2"})
    message = f"Order number 2 belongs to “{rows[1].title}”. Choose another, such as 3."
    assert position_errors(response) == [[message], None]
    assert numbers_of(rows) == [1, 2]


def test_number_of_a_row_on_another_page__is_refused_with_its_name(admin_client: Client) -> None:
    quiz = QuizFactory.create()
    rows = numbered(quiz, QuestionFactory, "quiz", range(1, 13))
    response = save(admin_client, quiz, **{"questions-9-order_number": "12"})
    message = f"Order number 12 belongs to “{rows[11].question_text}”. Choose another, such as 13."
    assert position_errors(response) == [None] * 9 + [[message]]


def test_added_rows_with_the_same_number__are_refused(admin_client: Client) -> None:
    course = CourseFactory.create()
    added = {"modules-TOTAL_FORMS": "2"}
    for row in range(2):
        added[f"modules-{row}-course"] = str(course.pk)
        added[f"modules-{row}-order_number"] = "4"
        added[f"modules-{row}-title"] = "Joins"
    message = "Order number 4 belongs to “Joins”. Choose another, such as 5."
    response = save(admin_client, course, **added)
    assert position_errors(response) == [[message], [message]]


def test_rows_with_the_same_number_in_an_incomplete_form__are_refused(
    admin_client: Client,
) -> None:
    data = {"questions-TOTAL_FORMS": "2", "questions-INITIAL_FORMS": "0"}
    for row in range(2):
        data[f"questions-{row}-order_number"] = "1"
        data[f"questions-{row}-question_text"] = "Why?"
    response = admin_client.post(url(Quiz, "add"), data)
    message = "Order number 1 belongs to “Why?”. Choose another, such as 2."
    assert position_errors(response) == [[message], [message]]


def test_rows_that_another_administrator_moved_meanwhile__are_not_moved_back(
    admin_client: Client,
) -> None:
    course = CourseFactory.create()
    rows = numbered(course, CourseModuleFactory, "course", (1, 2, 3))
    address = url(type(course), "change", course.pk)
    stale = page_data(admin_client, address)
    save(admin_client, course, **{"modules-0-order_number": "2", "modules-1-order_number": "1"})
    swap = {"modules-1-order_number": "3", "modules-2-order_number": "2"}
    response = admin_client.post(address, stale | swap)
    assert response.status_code == 200
    assert numbers_of(rows) == [2, 1, 3]


@pytest.mark.parametrize("page", ["add", "change"])
def test_taken_number_in_the_form_of_one_module__is_refused_with_advice(
    admin_client: Client, page: str
) -> None:
    course = CourseFactory.create()
    first, second = numbered(course, CourseModuleFactory, "course", (1, 2))
    address = url(CourseModule, page, *([second.pk] if page == "change" else []))
    typed = {"course": str(course.pk), "title": "Joins", "order_number": "1"}
    free = 2 if page == "change" else 3
    assert errors(admin_client, address, page_data(admin_client, address) | typed) == {
        "order_number": [
            f"Order number 1 belongs to “{first}”. Choose another, such as {free}. "
            "To swap the two, change both in the form of the course."
        ]
    }


def test_lesson_in_the_form_of_its_module__is_changed(admin_client: Client) -> None:
    lesson = LessonFactory.create()
    save(admin_client, lesson.module, **{"lessons-0-title": "New"})
    lesson.refresh_from_db()
    assert lesson.title == "New"


@pytest.mark.parametrize(
    ("factory", "parent", "changes", "errors"),
    [
        (
            CourseModuleFactory,
            "course",
            {"modules-0-order_number": "0"},
            {"order_number": ["The value must be 1 or more."]},
        ),
        (
            LessonFactory,
            "module",
            {"lessons-0-content_url": ""},
            {"content_url": ["A video lesson needs the address of the video."]},
        ),
        (
            QuestionFactory,
            "quiz",
            {"questions-0-options": "[]"},
            {"options": ["A question of this type needs options to choose from."]},
        ),
        (
            UserProfileFactory,
            "user",
            {"profile-0-timezone": "Middle Earth"},
            {"timezone": ["“Middle Earth” is not in the list. Choose a value from the list."]},
        ),
    ],
)
def test_inline_that_breaks_a_check__explained_at_the_field(
    admin_client: Client, factory: Any, parent: str, changes: dict[str, str], errors: Any
) -> None:
    row = factory.create()
    response = save(admin_client, getattr(row, parent), **changes)
    [inline] = response.context_data["inline_admin_formsets"]
    assert [dict(form.errors) for form in inline.formset.forms] == [errors]


def test_new_user__has_no_profile_in_the_form(admin_client: Client) -> None:
    context = context_of(admin_client, url(User, "add"))
    assert context["inline_admin_formsets"] == []


def test_profile_added_in_the_form_of_its_user__is_saved(admin_client: Client) -> None:
    user = UserFactory.create()
    added = {
        "profile-TOTAL_FORMS": "1",
        "profile-0-user": str(user.pk),
        "profile-0-full_name": "Ann",
        "profile-0-timezone": "Asia/Tokyo",
        "profile-0-language": "ja",
        "profile-0-notification_preferences": "{}",
        "profile-0-privacy_settings": "{}",
    }
    assert save(admin_client, user, **added).status_code == 302
    assert UserProfile.objects.get().full_name == "Ann"
