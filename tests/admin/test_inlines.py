"""Rows inside the form of the row that they belong to."""

from typing import Any

import pytest
from django.db import models
from django.test import Client

from tests.admin.pages import sent, url
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
    context = client.get(url(type(row), "change", row.pk), parameters).context
    [inline] = context["inline_admin_formsets"]
    return [form.instance for form in inline.formset.forms]


def save(client: Client, row: models.Model, **changes: str) -> Any:
    address = url(type(row), "change", row.pk)
    return client.post(address, sent(client, address) | changes)


@pytest.mark.parametrize(
    ("parent", "factory", "path"),
    [
        (CourseFactory, CourseModuleFactory, "course"),
        (CourseModuleFactory, LessonFactory, "module"),
        (QuizFactory, QuestionFactory, "quiz"),
        (UserFactory, UserProfileFactory, "user"),
    ],
)
def test_rows_that_make_no_sense_alone__are_in_the_form_of_their_parent(
    admin_client: Client, parent: Any, factory: Any, path: str
) -> None:
    row = parent.create()
    child = factory.create(**{path: row})
    factory.create()
    assert inline_rows(admin_client, row) == [child]


def test_page_of_inlines__is_ten_rows(admin_client: Client) -> None:
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


def test_modules_that_swap_their_order__are_saved(admin_client: Client) -> None:
    course = CourseFactory.create()
    first, second = (CourseModuleFactory.create(course=course, order_number=n) for n in (1, 2))
    response = save(admin_client, course, **{"modules-0-order_number": "3"})
    assert response.status_code == 302
    assert list(course.modules.all()) == [second, first]


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
            {"timezone": ["“Middle Earth” is not in the list. Choose one that is."]},
        ),
    ],
)
def test_inline_that_breaks_a_check__says_so_at_the_field(
    admin_client: Client, factory: Any, parent: str, changes: dict[str, str], errors: Any
) -> None:
    row = factory.create()
    response = save(admin_client, getattr(row, parent), **changes)
    [inline] = response.context["inline_admin_formsets"]
    assert [dict(form.errors) for form in inline.formset.forms] == [errors]


def test_two_modules_with_one_order_number__are_refused(admin_client: Client) -> None:
    module = CourseModuleFactory.create(order_number=1)
    CourseModuleFactory.create(course=module.course, order_number=2)
    response = save(admin_client, module.course, **{"modules-0-order_number": "2"})
    assert response.status_code == 200
    module.refresh_from_db()
    assert module.order_number == 1


def test_fresh_user__has_no_profile_in_the_form(admin_client: Client) -> None:
    context = admin_client.get(url(User, "add")).context
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
