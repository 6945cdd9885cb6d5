"""Edits of records that another session has changed or deleted while a form was open."""

import re
from collections.abc import Iterator
from contextlib import suppress
from copy import copy
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.contrib.messages import get_messages
from django.db import IntegrityError, models, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from assessments.models import Question, Quiz
from config.admin.forms import NOT_SHOWN
from config.admin.formsets import CASCADES, CHANGED
from config.admin.shown_values import INPUT, LONGEST
from courses.models import Course, Lesson
from tests.admin.pages import (
    BY_MODEL,
    READ_ONLY,
    TYPICAL,
    context_of,
    data_of_page,
    each_of,
    form_data,
    model_admin,
    page_data,
    post,
    request_for,
    url,
)
from tests.factories import (
    CourseFactory,
    CourseModuleFactory,
    LessonFactory,
    QuestionFactory,
    QuizFactory,
    UserFactory,
    UserProfileFactory,
)
from users import middleware
from users.models import User

OTHER_TEXTS = {
    "timezone": ("Asia/Tokyo", "Asia/Seoul"),
    "language": ("ja", "ko"),
    "currency": ("CZK", "SEK"),
}


class Tab:
    """A browser tab with the form of a row. An administrator opens it now and sends it later."""

    def __init__(self, client: Client, row: models.Model, **parameters: str) -> None:
        self.client, self.row = client, row
        self.address = url(type(row), "change", row.pk)
        context = context_of(client, self.address, parameters)
        self.form = context["adminform"].form
        self.data = data_of_page(context)

    def save(self, **typed: str) -> Any:
        return post(self.client, self.address, self.data | typed)

    def save_values(self, **values: Any) -> Any:
        """Send the page with other values in some of the inputs."""
        row = copy(self.row)
        for name, value in values.items():
            setattr(row, name, value)
        form = type(self.form)
        before, after = form_data(form(instance=self.row)), form_data(form(instance=row))
        emptied = dict.fromkeys(before.keys() - after.keys(), "")
        changed = {name: text for name, text in after.items() if before.get(name) != text}
        return self.save(**emptied, **changed)

    def columns(self) -> dict[str, Any]:
        """Return the values in the database of the columns that the form shows."""
        row = type(self.row)._base_manager.get(pk=self.row.pk)
        names = {field.name: field.attname for field in row._meta.concrete_fields}
        return {name: getattr(row, names[name]) for name in self.form.texts}

    def change_meanwhile(self, *, but: str = "") -> set[str]:
        """Change the columns that the form shows, except `but`; return the changed columns."""
        return {name for name in self.form.texts if name != but and self._change(name)}

    def _change(self, name: str) -> bool:
        rows = type(self.row)._base_manager.filter(pk=self.row.pk)
        for value in other_values(self.row, name):
            with suppress(IntegrityError), transaction.atomic():
                return bool(rows.update(**{name: value}))
        return False


def other_values(row: models.Model, name: str) -> Iterator[Any]:
    """Yield values that the column `name` of `row` may have instead of its own."""
    field: Any = row._meta.get_field(name)
    value = getattr(row, name)
    if field.is_relation:
        yield from (BY_MODEL[field.related_model].create() for _ in range(2))
    elif field.choices:
        yield from (label for label, _ in field.flatchoices if label != value)
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, UUID):
        yield from (uuid4(), uuid4())
    elif isinstance(field, models.JSONField):
        yield from ([["a"], ["b"]] if isinstance(value, list) else [{"a": 1}, {"b": 1}])
    elif isinstance(field, models.DateTimeField):
        moment = value or datetime.fromisoformat("2040-01-01T12:00Z")
        yield from (moment + timedelta(minutes=minutes) for minutes in (1, 2))
    elif isinstance(field, models.IntegerField | models.DecimalField):
        yield from ((value or 0) + number for number in (1, 2))
    elif isinstance(field, models.URLField):
        yield from ("https://example.com/1", "https://example.com/2")
    else:
        ending = (value or "")[:-1]
        yield from OTHER_TEXTS.get(name, (f"{ending}q", f"{ending}z"))


def third_value(row: models.Model, name: str, second: Any) -> Any:
    """Return a value that is neither that of `row` nor `second`, or None for a boolean."""
    values = other_values(row, name)
    return next((value for value in values if getattr(value, "pk", value) != second), None)


def inputs(model: type[models.Model]) -> set[tuple[type, type]]:
    """Return the class of each column that the form shows, with the class of its input."""
    fields = model_admin(model).get_form(request_for(model), model()).base_fields
    columns = {column.name: column for column in model._meta.fields}
    return {(type(columns[name]), type(fields[name])) for name in fields.keys() & columns.keys()}


def test_typical_models__have_every_kind_of_input() -> None:
    editable = [model for model in BY_MODEL if model not in READ_ONLY]
    assert set().union(*map(inputs, TYPICAL)) == set().union(*map(inputs, editable))


@each_of(*TYPICAL)
def test_save_of_one_column__keeps_changes_of_all_others_by_another_session(
    admin_client: Client, model: type[models.Model]
) -> None:
    tab = Tab(admin_client, BY_MODEL[model].create())
    name = next(reversed(tab.form.texts))
    changed, others = tab.change_meanwhile(but=name), tab.columns()
    mine = next(other_values(tab.row, name))
    assert changed == tab.form.texts.keys() - {name}
    assert tab.save_values(**{name: mine}).status_code == 302
    assert tab.columns() == others | {name: getattr(mine, "pk", mine)}


@each_of(*TYPICAL)
def test_values_changed_on_both_sides__are_conflicts_and_nothing_is_saved(
    admin_client: Client, model: type[models.Model]
) -> None:
    tab = Tab(admin_client, BY_MODEL[model].create())
    changed, others = tab.change_meanwhile(), tab.columns()
    mine = {name: third_value(tab.row, name, others[name]) for name in changed}
    mine = {name: value for name, value in mine.items() if value is not None}
    response = tab.save_values(**mine)
    assert response.context_data["adminform"].form.errors.keys() == mine.keys()
    assert tab.columns() == others


# Compared values


def test_untouched_page_saved__writes_nothing(admin_client: Client) -> None:
    lesson = LessonFactory.create(content_text=" one\ntwo ", title="a\nb", metadata={"a": 1})
    tab = Tab(admin_client, lesson)
    tab.save(content_text=" one\r\ntwo ", title="ab")
    changed = Lesson.objects.get()
    assert (changed.content_text, changed.title) == (" one\ntwo ", "a\nb")
    assert changed.updated_at == lesson.updated_at


def test_value_changed_to_the_same_on_both_sides__is_no_conflict(admin_client: Client) -> None:
    tab = Tab(admin_client, CourseFactory.create())
    Course.objects.update(title="SQL")
    assert tab.save(title="SQL").status_code == 302


def test_conflict__names_both_values_and_is_resolved_by_saving_again(admin_client: Client) -> None:
    tab = Tab(admin_client, CourseFactory.create(title="First"))
    Course.objects.update(title="Second")
    response = tab.save(title="Third")
    [message] = response.context_data["adminform"].form.errors["title"]
    assert strip_tags(message) == (
        "Nothing was saved, because another session changed this from First to Second while the "
        "form was open. Save again to replace it with what you typed."
    )
    assert tab.client.post(tab.address, data_of_page(response.context_data)).status_code == 302
    assert Course.objects.get().title == "Third"


def test_form_shown_again__shows_what_another_session_changed_meanwhile(
    admin_client: Client,
) -> None:
    tab = Tab(admin_client, CourseFactory.create(category="maths", title="First"))
    Course.objects.update(category="music")
    page: Any = tab.client.post(tab.address, tab.data | {"title": ""})
    assert page.context_data["adminform"].form["category"].value() == "music"
    table = page.text.partition('<table class="changes">')[2].partition("</table>")[0]
    row = '<th scope="row">Category</th><td>maths</td><td>music</td>'
    assert row in re.sub("</?div[^>]*>", "", table)


def test_values_that_only_together_break_a_check__are_refused(admin_client: Client) -> None:
    tab = Tab(admin_client, CourseFactory.create(published=True, status="draft"))
    Course.objects.update(published_at=None)
    response = tab.save(status="published")
    assert response.context_data["adminform"].form.errors == {
        "published_at": ["A published course needs the time of its publication."]
    }


def test_account_deactivated_meanwhile__stays_deactivated(admin_client: Client) -> None:
    user = UserFactory.create()
    tab = Tab(admin_client, user)
    User.objects.filter(pk=user.pk).update(deleted_at=datetime.fromisoformat("2040-01-01T12:00Z"))
    assert tab.save(email_verified="on").status_code == 302
    user.refresh_from_db()
    assert (user.email_verified, user.is_active) == (True, False)


def test_own_password_changed_while_another_session_changes_the_account__keeps_both(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verify(request: Any) -> None:
        assert not request.user.email_verified
        User.objects.update(email_verified=True)

    User.objects.update(password=make_password("old-password-1"))
    admin_client.force_login(User.objects.get())
    monkeypatch.setattr(middleware, "_zone", verify)
    new = {"new_password1": "new-password-2", "new_password2": "new-password-2"}
    admin_client.post(reverse("admin:password_change"), {"old_password": "old-password-1"} | new)
    user = User.objects.get()
    assert (user.check_password("new-password-2"), user.email_verified) == (True, True)


def test_log__names_only_what_was_changed_in_the_form(admin_client: Client) -> None:
    tab = Tab(admin_client, CourseFactory.create())
    Course.objects.update(category="music")
    tab.save(title="SQL")
    assert LogEntry.objects.get().get_change_message() == "Changed Title."


@pytest.mark.parametrize("shown", ["", "x:y:z"])
def test_page_without_the_values_that_it_showed__is_saved_after_a_question(
    admin_client: Client, shown: str
) -> None:
    tab = Tab(admin_client, CourseFactory.create(title="Here"))
    Course.objects.update(title="There")
    response = tab.save(_shown=shown)
    assert response.context_data["adminform"].form.errors == {
        "title": [NOT_SHOWN.format(now='<span class="other-value">There</span>')]
    }
    assert tab.client.post(tab.address, data_of_page(response.context_data)).status_code == 302
    assert Course.objects.get().title == "Here"


def test_input_that_is_not_sent__keeps_its_column(admin_client: Client) -> None:
    course = CourseFactory.create(description="Here", category="art")
    tab = Tab(admin_client, course)
    del tab.data["description"], tab.data["title"]
    assert tab.save(category="music").status_code == 302
    changed = Course.objects.get()
    assert (changed.description, changed.category) == ("Here", "music")


def test_text_that_begins_with_line_breaks__is_kept_if_the_browser_drops_one(
    admin_client: Client,
) -> None:
    tab = Tab(admin_client, CourseFactory.create(description="\n\nA"))
    tab.save(description="\r\nA", category="music")
    assert Course.objects.get().description == "\n\nA"


def test_blanks_removed_around_a_text__are_a_change(admin_client: Client) -> None:
    tab = Tab(admin_client, CourseFactory.create(description=" A\r\nB\n"))
    tab.save(description="A\r\nB")
    assert Course.objects.get().description == "A\nB"


def test_times_of_a_page_opened_before_a_change_of_the_zone__are_read_in_the_old_zone(
    admin_client: Client,
) -> None:
    profile = UserProfileFactory.create(user=User.objects.get(), timezone="Asia/Tokyo")
    course = CourseFactory.create(published=True)
    with timezone.override(ZoneInfo(profile.timezone)):
        tab = Tab(admin_client, course)
    profile.timezone = "Europe/Prague"
    profile.save()
    assert tab.save(title="SQL").status_code == 302
    assert Course.objects.get().published_at == course.published_at


def test_long_text_changed_meanwhile__is_not_undone(admin_client: Client) -> None:
    lesson = LessonFactory.create(content_text="a" * (LONGEST + 1))
    tab = Tab(admin_client, lesson)
    assert len(tab.data[INPUT]) < 5_000
    assert tab.save(title="SQL").status_code == 302
    Lesson.objects.update(content_text="b" * (LONGEST + 1))
    response = tab.save(title="SQL", content_text="c")
    assert list(response.context_data["adminform"].form.errors) == ["content_text"]


# Inlines


def quiz_with_questions(*texts: str) -> Quiz:
    quiz = QuizFactory.create()
    for text in texts:
        QuestionFactory.create(quiz=quiz, question_text=text)
    return quiz


def texts_and_points() -> list[tuple[str, int]]:
    return list(Question.objects.order_by("order_number").values_list("question_text", "points"))


def test_inline_row_changed_meanwhile__keeps_its_values(admin_client: Client) -> None:
    tab = Tab(admin_client, quiz_with_questions("a", "b"))
    Question.objects.update(points=9)
    tab.save(title="SQL", **{"questions-1-question_text": "c"})
    assert texts_and_points() == [("a", 9), ("c", 9)]


def test_inline_row_deleted_meanwhile__is_named_and_the_rest_is_saved(admin_client: Client) -> None:
    tab = Tab(admin_client, quiz_with_questions("a", "b", "c"))
    gone = Question.objects.get(question_text="a")
    gone.delete()
    response = tab.save(**{"questions-1-points": "7"})
    assert [points for _, points in texts_and_points()] == [7, 1]
    assert str(next(iter(get_messages(response.wsgi_request)))) == (
        f"The question “{gone}” was deleted or moved while this form was open."
    )


def test_inline_row_changed_here_and_deleted_meanwhile__becomes_a_new_row(
    admin_client: Client,
) -> None:
    tab = Tab(admin_client, quiz_with_questions("a", "b"))
    gone = Question.objects.get(question_text="a")
    gone.delete()
    response = tab.save(**{"questions-0-question_text": "mine"})
    [inline] = response.context_data["inline_admin_formsets"]
    assert [form["question_text"].value() for form in inline.formset.forms] == ["b", "mine"]
    assert response.context_data["problems"] == [
        (
            "Question #2",
            f"The question “{gone}” was deleted or moved while this form was open. What you typed "
            "is here as a new question. Save again to add the question, or remove it.",
            "",
        )
    ]
    assert tab.client.post(tab.address, data_of_page(response.context_data)).status_code == 302
    assert sorted(text for text, _ in texts_and_points()) == ["b", "mine"]


def test_inline_row_deleted_here_and_changed_meanwhile__is_deleted_after_a_question(
    admin_client: Client,
) -> None:
    tab = Tab(admin_client, quiz_with_questions("a", "b"))
    Question.objects.filter(question_text="a").update(points=9)
    response = tab.save(**{"questions-0-DELETE": "on"})
    question = Question.objects.get(question_text="a")
    assert response.context_data["problems"][0].message == CHANGED.format(
        noun="question", caption=question
    )
    again = data_of_page(response.context_data) | {"questions-0-DELETE": "on"}
    assert tab.client.post(tab.address, again).status_code == 302
    assert texts_and_points() == [("b", 1)]


def test_inline_row_deleted_with_rows_of_other_tables__is_deleted_after_a_question(
    admin_client: Client,
) -> None:
    lesson = LessonFactory.create()
    LessonFactory.create(module=lesson.module)
    CourseModuleFactory.create(prerequisite_module=lesson.module)
    tab = Tab(admin_client, lesson.module.course)
    mark = {"modules-0-DELETE": "on"}
    first = tab.save(**mark)
    assert confirmation(first) == [
        "delete 2 lessons and leave 1 course module without prerequisite module"
    ]
    LessonFactory.create(module=lesson.module)
    second: Any = tab.client.post(tab.address, data_of_page(first.context_data) | mark)
    assert confirmation(second) == [
        "delete 3 lessons and leave 1 course module without prerequisite module"
    ]
    assert 'name="modules-_counted"' in second.text
    third = tab.client.post(tab.address, data_of_page(second.context_data) | mark)
    assert (third.status_code, Lesson.objects.count()) == (302, 0)


def confirmation(response: Any) -> list[str]:
    """Return the words of the page for the rows that a deletion of modules also deletes."""
    [problem] = response.context_data["problems"]
    before, after = CASCADES.format(nouns="course modules", effects="|").split("|")
    assert problem.message.startswith(before)
    return [str(problem.message.removeprefix(before).removesuffix(after))]


def test_inline_row_deleted_on_both_sides__is_not_reported(admin_client: Client) -> None:
    tab = Tab(admin_client, quiz_with_questions("a", "b"))
    Question.objects.filter(question_text="a").delete()
    assert tab.save(**{"questions-0-DELETE": "on"}).status_code == 302
    assert [text for text, _ in texts_and_points()] == ["b"]


def test_inline_rows_of_the_second_page__are_found_after_a_row_of_the_first_is_deleted(
    admin_client: Client,
) -> None:
    quiz = quiz_with_questions(*"abcdefghijkl")
    address = url(Quiz, "change", quiz.pk) + "?questions-page=2"
    data = page_data(admin_client, address)
    Question.objects.filter(question_text="a").delete()
    assert admin_client.post(address, data | {"questions-1-points": "7"}).status_code == 302
    assert texts_and_points()[-2:] == [("k", 1), ("l", 7)]


@pytest.mark.parametrize("key", ["x", "00000000-0000-7000-8000-000000000000"])
def test_inline_row_with_an_unknown_key__is_not_lost(admin_client: Client, key: str) -> None:
    tab = Tab(admin_client, quiz_with_questions("a"))
    response = tab.save(**{"questions-0-id": key, "questions-0-question_text": "mine"})
    assert response.context_data["problems"][-1].name == "Question #1"
    assert texts_and_points() == [("a", 1)]


def test_inline_with_invalid_counts__refused_at_the_top(admin_client: Client) -> None:
    response = Tab(admin_client, quiz_with_questions("a")).save(**{"questions-TOTAL_FORMS": "x"})
    assert [problem.name for problem in response.context_data["problems"]] == ["Questions"]


# Deleted records


def test_record_deleted_meanwhile__can_be_added_again_as_typed(admin_client: Client) -> None:
    course = CourseFactory.create(title="SQL")
    tab = Tab(admin_client, course)
    course.delete()
    response: Any = tab.client.post(tab.address, tab.data | {"category": "music"})
    assert '<input type="hidden" name="_saveasnew" value="1">' in response.text
    form = response.context_data["adminform"].form
    assert form.non_field_errors() == [
        f"The course “{course}” was deleted while this form was open, so nothing was saved. "
        "What you typed is below. Save it to add a new course."
    ]
    again = form_data(form) | {"_saveasnew": "1", "modules-TOTAL_FORMS": "0"}
    admin_client.post(tab.address, again | {"modules-INITIAL_FORMS": "0"})
    assert Course.objects.get().category == "music"
