"""The rows that the queries for users return."""

import pytest

from tests.factories import FACTORIES, UserFactory
from users.models import User

pytestmark = pytest.mark.django_db


def test_login_in_upper_or_lower_case__finds_the_account() -> None:
    user = UserFactory.create(email="Ada@Example.com")
    assert User.objects.active().get(email="aDA@eXAMPLE.COM") == user


def test_login_to_a_deleted_account__finds_nothing() -> None:
    user = UserFactory.create(deleted=True)
    assert not User.objects.active().filter(email=user.email).exists()


def test_removal_of_all_users__leaves_no_row_in_any_table() -> None:
    models = [factory.create()._meta.model for factory in FACTORIES.values()]
    User.objects.all().delete()
    assert [model for model in models if model._default_manager.exists()] == []
