"""Login to an open account with an e-mail address, in upper or lower case."""

import pytest
from django.contrib.auth import authenticate, get_user
from django.test import Client
from django.utils import timezone

from tests.factories import UserFactory
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "typed", ["ada@example.com", "ADA@EXAMPLE.COM", "Ada@Example.com", "ada@example.COM"]
)
def test_authenticate_in_upper_or_lower_case__finds_the_user(typed: str) -> None:
    user = UserFactory.create(email="ada@example.com", password="secret")
    assert authenticate(username=typed, password="secret") == user


def test_authenticate_by_the_keyword_email__finds_the_user() -> None:
    user = UserFactory.create(email="ada@example.com", password="secret")
    assert authenticate(email="Ada@example.com", password="secret") == user


def test_authenticate_with_a_wrong_password__finds_no_user() -> None:
    user = UserFactory.create(password="secret")
    assert authenticate(username=user.email, password="Secret") is None


@pytest.mark.parametrize("typed", ["", "!", None])
def test_authenticate_without_a_usable_password__finds_no_user(typed: str | None) -> None:
    user = UserFactory.create()
    assert authenticate(username=user.email, password=typed) is None


def test_authenticate_with_an_empty_hash__finds_no_user() -> None:
    user = UserFactory.create()
    User.objects.update(password="")
    assert authenticate(username=user.email, password="") is None


def test_authenticate_as_a_deleted_user__finds_no_user() -> None:
    user = UserFactory.create(deleted=True, password="secret")
    assert authenticate(username=user.email, password="secret") is None


def test_session_of_a_user_who_is_deleted__ends(client: Client) -> None:
    user = UserFactory.create()
    client.force_login(user)
    User.objects.update(deleted_at=timezone.now())
    assert not get_user(client).is_authenticated


def test_login__updates_the_time_of_the_last_login(client: Client) -> None:
    user = UserFactory.create(password="secret")
    assert client.login(username=user.email.upper(), password="secret")
    user.refresh_from_db()
    assert user.last_login is not None
