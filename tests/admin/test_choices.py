"""Records that a foreign key may refer to, and slugs derived from titles."""

from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from communication.models import Announcement
from courses.models import Course
from courses.slugs import slug_of
from tests.admin.pages import BY_MODEL, add_form, errors, form_data, page_data, url, valid_data
from tests.factories import AnnouncementFactory, CourseFactory, UserFactory

FIELD = {"app_label": "courses", "model_name": "course", "field_name": "instructor"}


def offered(client: Client, **parameters: str) -> list[str]:
    response = client.get(reverse("admin:autocomplete"), FIELD | parameters)
    assert response.status_code == 200
    return [entry["text"] for entry in response.json()["results"]]


def test_instructors_offered__are_educators(admin_client: Client) -> None:
    UserFactory.create(email="ann@example.com")
    UserFactory.create(email="anna@example.com", educator=True)
    assert offered(admin_client, term="ann") == ["anna@example.com"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "field", "traits"),
    [
        (Course, "instructor", {}),
        (Course, "instructor", {"admin": True}),
        (Announcement, "educator", {}),
    ],
)
def test_person_who_is_not_an_educator__is_refused(
    model: type[Model], field: str, traits: dict[str, Any]
) -> None:
    form, row = add_form(model), BY_MODEL[model].create()
    person = UserFactory.create(email="ann@example.com", **traits)
    data = form_data(form(instance=row)) | {field: str(person.pk)}
    row.delete()
    assert form(data).errors == {field: ["ann@example.com is not an educator. Choose an educator."]}


@pytest.mark.parametrize("factory", [CourseFactory, AnnouncementFactory])
def test_instructor_who_is_no_longer_an_educator__is_kept(
    admin_client: Client, factory: Any
) -> None:
    row = factory.create()
    person = row.instructor if isinstance(row, Course) else row.educator
    type(person).objects.filter(pk=person.pk).update(role="student")
    address = url(type(row), "change", row.pk)
    data = page_data(admin_client, address) | {"title": "Changed"}
    assert admin_client.post(address, data).status_code == 302


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"nonsense": "1"}, "There is no parameter 'nonsense'."),
        ({"term": ["a", "b"]}, "term is given with different values: 'a' and 'b'. Give one."),
    ],
)
def test_unknown_parameter_of_an_input__is_named(
    admin_client: Client, parameters: dict[str, Any], message: str
) -> None:
    response = admin_client.get(reverse("admin:autocomplete"), FIELD | parameters)
    assert (response.status_code, response.content.decode()) == (400, message)


def test_words_that_cannot_be_searched_for__are_explained(admin_client: Client) -> None:
    UserFactory.create(email="ann@example.com", educator=True)
    assert offered(admin_client, term="ann\x00") == [
        "The search contains a NUL character, which PostgreSQL cannot store."
    ]


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Über uns: C++ & SQL", "uber-uns-c-sql"),
        ("- İstanbul -", "istanbul"),
        ("Основы SQL", "b1avcbn7d-sql"),
        ("数据库 入门", "dxty1ibyb-y5q338n"),
        ("हिन्दी", "j2bd4cyah0f"),
        ("שלום", "9dbne9b"),
        ("🎓 ???", ""),
        ("a" * 300, "a" * 250),
    ],
)
def test_slug_of_a_title__has_letters_of_any_script(title: str, slug: str) -> None:
    assert slug_of(title) == slug


def added(client: Client, **values: str) -> Course:
    before = set(Course.objects.values_list("pk", flat=True))
    response = client.post(url(Course, "add"), valid_data(client, Course) | values)
    assert response.status_code == 302
    return Course.objects.exclude(pk__in=before).get()


@pytest.mark.parametrize("title", ["Основы SQL", "数" * 255])
def test_course_without_a_slug__gets_one_from_its_title(admin_client: Client, title: str) -> None:
    assert added(admin_client, title=title, slug="").slug == slug_of(title)


def test_course_with_the_title_of_another__gets_a_number(admin_client: Client) -> None:
    slugs = [added(admin_client, title="SQL", slug="").slug for _ in range(3)]
    assert slugs == ["sql", "sql-2", "sql-3"]


def test_title_without_letters__needs_a_slug(admin_client: Client) -> None:
    data = valid_data(admin_client, Course) | {"title": "🎓", "slug": ""}
    assert errors(admin_client, url(Course, "add"), data) == {
        "slug": ["Type a slug: the title has no letters or digits."]
    }
