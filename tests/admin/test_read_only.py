"""The admin on a read-only database, such as a standby."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.admin.pages import url
from tests.factories import UserFactory
from tests.support.migrations import run_sql
from users.models import User

pytestmark = pytest.mark.django_db
NOTICE = "The database takes no changes now"


def make_read_only() -> None:
    run_sql("SET TRANSACTION READ ONLY")


def test_login__says_that_the_database_is_read_only(client: Client) -> None:
    user = UserFactory.create(admin=True)
    user.set_password("Very-Secret-1")
    user.save()
    make_read_only()
    response = client.post(
        reverse("admin:login"), {"username": user.email, "password": "Very-Secret-1"}
    )
    assert (response.status_code, NOTICE in response.text) == (503, True)


def test_failed_login__says_that_the_database_is_read_only(client: Client) -> None:
    make_read_only()
    response = client.post(reverse("admin:login"), {"username": "a@b.cz", "password": "wrong"})
    assert (response.status_code, NOTICE in response.text) == (503, True)


def test_deletion__says_that_the_database_is_read_only(admin_client: Client) -> None:
    user = UserFactory.create()
    make_read_only()
    response = admin_client.post(url(User, "delete", user.pk), {"post": "yes"})
    assert (response.status_code, NOTICE in response.text) == (503, True)


def test_list__is_shown(admin_client: Client) -> None:
    make_read_only()
    assert admin_client.get(url(User, "changelist")).status_code == 200
