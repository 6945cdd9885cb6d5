"""Accounts: passwords, and accounts that are deactivated and reactivated."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.test import Client
from django.urls import reverse

from tests.admin.pages import PASSWORD, errors, page_data, url
from tests.factories import UserFactory
from users.enums import Role
from users.models import User

NEW_USER = {
    "email": "Ann@Example.com",
    "role": "educator",
    "usable_password": "true",
    "password1": PASSWORD,
    "password2": PASSWORD,
}


def password_url(user: User) -> str:
    return reverse("admin:auth_user_password_change", args=[user.pk])


def test_user_added__may_log_in_with_the_password(admin_client: Client) -> None:
    response = admin_client.post(url(User, "add"), NEW_USER)
    user = User.objects.get(email="ann@example.com")
    assert response.headers["Location"] == url(User, "change", user.pk)
    assert user.role is Role.EDUCATOR
    assert authenticate(username="ann@example.com", password=PASSWORD) == user


def test_user_added_without_a_password__cannot_log_in(admin_client: Client) -> None:
    without = {"usable_password": "false", "password1": "", "password2": ""}
    admin_client.post(url(User, "add"), NEW_USER | without)
    assert not User.objects.get(email="ann@example.com").has_usable_password()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"role": ""}, {"role": ["This field is required."]}),
        (
            {"role": "owner"},
            {"role": ["Select a valid choice. owner is not one of the available choices."]},
        ),
        ({"email": "ann"}, {"email": ["Enter a valid email address."]}),
        ({"password2": "other"}, {"password2": ["The two password fields didn’t match."]}),  # noqa: RUF001
        (
            {"password1": "1234567", "password2": "1234567"},
            {
                "password2": [
                    "This password is too short. It must contain at least 8 characters.",
                    "This password is too common.",
                    "This password is entirely numeric.",
                ]
            },
        ),
    ],
)
def test_user_with_an_invalid_value__is_refused(
    admin_client: Client, changes: dict[str, str], expected: dict[str, list[str]]
) -> None:
    assert errors(admin_client, url(User, "add"), NEW_USER | changes) == expected


def test_email_of_another_user_in_other_case__is_refused(admin_client: Client) -> None:
    UserFactory.create(email="ann@example.com")
    assert errors(admin_client, url(User, "add"), NEW_USER) == {
        "email": ["User with this Email already exists."]
    }


def test_password_changed__is_the_new_one_and_in_the_history(admin_client: Client) -> None:
    user = UserFactory.create(email="ann@example.com")
    data = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    response = admin_client.post(password_url(user), data)
    history = admin_client.get(url(User, "history", user.pk)).context["action_list"]
    assert response.headers["Location"] == url(User, "change", user.pk)
    assert authenticate(username="ann@example.com", password=PASSWORD) == user
    assert [entry.get_change_message() for entry in history] == ["Changed password."]


@pytest.mark.parametrize("written", [str, lambda key: key.hex])
def test_own_password__is_changed_with_the_old_one(
    admin_client: Client, written: Callable[[Any], str]
) -> None:
    address = reverse("admin:auth_user_password_change", args=[written(User.objects.get().pk)])
    taken_away = {"usable_password": "false", "unset-password": "1"}
    response = admin_client.post(address, taken_away)
    assert response.headers["Location"] == reverse("admin:password_change")


def test_own_role_and_closing_time__are_read_only(admin_client: Client) -> None:
    address = url(User, "change", User.objects.get().pk)
    closing = {"role": "student", "deleted_at_0": "2100-01-01", "deleted_at_1": "00:00:00"}
    admin_client.post(address, page_data(admin_client, address) | closing)
    assert User.objects.get().is_superuser


def test_page_of_a_user__leads_to_the_page_of_the_password(admin_client: Client) -> None:
    html = admin_client.get(url(User, "change", UserFactory.create().pk)).content.decode()
    assert 'href="../password/"' in html


def test_password_page_of_a_missing_user__is_not_found(admin_client: Client) -> None:
    address = reverse("admin:auth_user_password_change", args=["not-an-id"])
    assert admin_client.get(address).status_code == 404


def test_user_changed__keeps_the_password_and_the_tokens(admin_client: Client) -> None:
    user = UserFactory.create(password=PASSWORD, verifying=True, resetting_password=True)
    secrets = (user.password, user.verification_token, user.password_reset_token)
    address = url(User, "change", user.pk)
    admin_client.post(address, page_data(admin_client, address) | {"role": "educator"})
    user.refresh_from_db()
    assert user.role is Role.EDUCATOR
    assert (user.password, user.verification_token, user.password_reset_token) == secrets


def test_account_deactivated_and_reactivated__may_log_in_again(admin_client: Client) -> None:
    user = UserFactory.create(email="ann@example.com", password=PASSWORD, deleted=True)
    address = url(User, "change", user.pk)
    opened = page_data(admin_client, address) | {"deleted_at_0": "", "deleted_at_1": ""}
    assert authenticate(username="ann@example.com", password=PASSWORD) is None
    admin_client.post(address, opened)
    assert authenticate(username="ann@example.com", password=PASSWORD) == user


def test_account_deactivated_before_its_creation__is_refused(admin_client: Client) -> None:
    address = url(User, "change", UserFactory.create().pk)
    early = {"deleted_at_0": "2020-01-01", "deleted_at_1": "00:00:00"}
    data = page_data(admin_client, address) | early
    assert errors(admin_client, address, data) == {
        "deleted_at": ["The closing time must not be before the creation of the account."]
    }


def test_deactivated_account__is_in_the_list(admin_client: Client) -> None:
    user = UserFactory.create(deleted=True)
    response = admin_client.get(url(User, "changelist"), {"deleted_at__isnull": "False"})
    assert list(response.context["cl"].result_list) == [user]


@pytest.mark.parametrize("term", ["Ann", "ann@"])
def test_user_for_a_profile__is_found_by_the_beginning_of_the_email(
    admin_client: Client, term: str
) -> None:
    ann = UserFactory.create(email="ann@example.com")
    UserFactory.create(email="joanna@example.com")
    field = {"app_label": "users", "model_name": "userprofile", "field_name": "user"}
    response = admin_client.get(reverse("admin:autocomplete"), field | {"term": term})
    assert response.json()["results"] == [{"id": str(ann.pk), "text": "ann@example.com"}]
