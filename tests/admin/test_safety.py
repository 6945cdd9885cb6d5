"""Security: access, login, and escaping of all stored texts."""

from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import models
from django.test import Client
from django.urls import reverse

from config.admin.export import SECRETS
from courses.models import Course, Lesson
from tests.admin.pages import LOGIN, MARKUP, PASSWORD, each_of, log_in, url, with_markup
from tests.factories import CourseFactory, LessonFactory, UserFactory
from users.models import User, UserProfile

# Access


@pytest.mark.django_db
@pytest.mark.parametrize(
    "traits",
    [None, {}, {"educator": True}, {"admin": True, "deleted": True}],
    ids=["anonymous", "student", "educator", "deleted_admin"],
)
def test_page_of_the_admin__is_only_for_administrators(
    client: Client, traits: dict[str, Any] | None
) -> None:
    if traits is not None:
        client.force_login(UserFactory.create(**traits))
    row = CourseFactory.create()
    addresses = [
        reverse("admin:index"),
        reverse("admin:search"),
        reverse("admin:jsi18n"),
        reverse("admin:autocomplete"),
        reverse("admin:password_change"),
        reverse("admin:app_list", args=["courses"]),
        reverse("admin:courses_course_export", args=["csv"]),
        reverse("admin:users_user_erase", args=[row.instructor_id]),
        reverse("admin:auth_user_password_change", args=[row.instructor_id]),
        *(url(Course, page) for page in ("changelist", "add")),
        *(url(Course, page, row.pk) for page in ("change", "delete", "history")),
    ]
    responses = {address: client.post(address, {"post": "yes"}) for address in addresses}
    assert {
        address: response.status_code for address, response in responses.items()
    } == dict.fromkeys(addresses, 302)
    assert Course.objects.filter(pk=row.pk).exists()


def test_session_of_an_admin_who_was_deactivated__has_ended(admin_client: Client) -> None:
    User.objects.update(deleted_at="2030-01-01 00:00Z")
    assert admin_client.get(reverse("admin:index")).status_code == 302


# Login


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("page", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_login_on_the_way_to_another_site__leads_to_the_dashboard(
    client: Client, page: str
) -> None:
    data = {"username": "ann@example.com", "password": PASSWORD, "next": page}
    assert client.post(LOGIN, data).headers["Location"] == reverse("admin:index")


@pytest.mark.usefixtures("ann")
def test_login_on_the_way_to_a_page__leads_to_it(client: Client) -> None:
    page = url(Course, "changelist")
    form = client.get(page, follow=True)
    [(address, _)] = form.redirect_chain
    data = {"username": "ann@example.com", "password": PASSWORD, "next": form.context["next"]}
    assert client.post(address, data).headers["Location"] == page


# Cookies and policy


def test_cookies__are_strict(client: Client, ann: User) -> None:
    client.get(LOGIN)
    log_in(client, PASSWORD)
    flags = {
        name: (cookie["samesite"], cookie["httponly"], cookie["max-age"])
        for name, cookie in client.cookies.items()
    }
    assert flags["sessionid"] == ("Strict", True, "")
    assert flags["csrftoken"][:2] == ("Strict", True)


def test_session__lasts_a_working_day() -> None:
    assert settings.SESSION_COOKIE_AGE == 8 * 3600


@pytest.mark.parametrize("page", [LOGIN, "/admin/", "/admin/courses/course/"])
def test_page__allows_no_inline_script_and_nothing_from_other_sites(
    admin_client: Client, page: str
) -> None:
    policy = admin_client.get(page).headers["Content-Security-Policy"]
    assert policy == (
        "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'self'"
    )


# Markup


@each_of(Course, Lesson)
def test_markup_in_every_text__is_shown_as_text(
    admin_client: Client, model: type[models.Model]
) -> None:
    row = with_markup(model)
    pages = [url(model, page, row.pk) for page in ("change", "history", "delete")]
    for page in [url(model, "changelist"), *pages]:
        html = admin_client.get(page).content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html


def test_title_with_markup__is_in_the_list_and_in_the_form(admin_client: Client) -> None:
    course = CourseFactory.create(title=MARKUP)
    for page in (url(Course, "changelist"), url(Course, "change", course.pk)):
        assert MARKUP in unescape(admin_client.get(page).content.decode())


def test_address_that_is_a_script__is_not_a_link(admin_client: Client) -> None:
    lesson = LessonFactory.create()
    Lesson.objects.update(content_url="javascript:alert(1)")
    html = admin_client.get(url(Lesson, "change", lesson.pk)).content.decode()
    assert 'href="javascript:' not in html


@pytest.mark.parametrize("parameter", ["q", "o", "p", "created_at_from", "x"])
def test_markup_in_the_url__is_shown_as_text(admin_client: Client, parameter: str) -> None:
    response = admin_client.get(url(Course, "changelist"), {parameter: MARKUP}, follow=True)
    assert "<script>alert" not in response.content.decode()


# Secrets


@pytest.mark.parametrize("page", ["changelist", "change", "delete", "history"])
def test_page_of_a_user__shows_no_secret(admin_client: Client, page: str) -> None:
    user = UserFactory.create(password=PASSWORD, verifying=True, resetting_password=True)
    html = admin_client.get(url(User, page, *([] if page == "changelist" else [user.pk]))).text
    algorithm, salt, digest = user.password.split("$")
    tokens = (user.verification_token, user.password_reset_token)
    secrets = (*tokens, f"{algorithm}$", salt[:6], digest[:6])
    assert not [secret for secret in secrets if str(secret) in html]


@pytest.mark.parametrize(
    ("model", "parameter"),
    [
        *((User, f"{secret}__startswith") for secret in sorted(SECRETS)),
        (UserProfile, "user__password"),
        (Lesson, "module__course__instructor__password__exact"),
        (Course, "_to_field"),
    ],
)
def test_parameter_that_leads_to_a_secret__is_refused(
    admin_client: Client, model: type[models.Model], parameter: str
) -> None:
    assert admin_client.get(url(model, "changelist"), {parameter: "a"}).status_code == 400


def test_log__names_the_administrator(admin_client: Client) -> None:
    course = CourseFactory.create()
    admin_client.post(url(Course, "delete", course.pk), {"post": "yes"})
    assert LogEntry.objects.get().user.role == "admin"
