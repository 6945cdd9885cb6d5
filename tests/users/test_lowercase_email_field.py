"""The conversion of addresses to lower case by LowercaseEmailField."""

import pytest
from django.forms import modelform_factory

from tests.factories import UserFactory
from users.enums import Role
from users.models import User

pytestmark = pytest.mark.django_db

TYPED, STORED = "Ada@Example.COM", "ada@example.com"
EmailForm = modelform_factory(User, fields=["email"])


def stored_email() -> str:
    return User.objects.values_list("email", flat=True).get()


@pytest.mark.parametrize(
    ("typed", "stored"), [(TYPED, STORED), ("ÉVA@příklad.cz", "éva@příklad.cz")]
)
def test_save__stores_lower_case(typed: str, stored: str) -> None:
    UserFactory.create(email=typed)
    assert stored_email() == stored


def test_save__puts_the_instance_in_lower_case() -> None:
    assert UserFactory.create(email=TYPED).email == STORED


def test_full_clean__puts_the_instance_in_lower_case() -> None:
    user = UserFactory.build(email=TYPED)
    user.full_clean()
    assert user.email == STORED


def test_bulk_create__stores_lower_case() -> None:
    User.objects.bulk_create([User(email=TYPED, password="!", role=Role.STUDENT)])
    assert stored_email() == STORED


def test_bulk_update__stores_lower_case() -> None:
    user = UserFactory.create()
    user.email = TYPED
    User.objects.bulk_update([user], ["email"])
    assert stored_email() == STORED


def test_update__stores_lower_case() -> None:
    UserFactory.create()
    User.objects.update(email=TYPED)
    assert stored_email() == STORED


def test_filter__ignores_case() -> None:
    user = UserFactory.create(email=STORED)
    assert User.objects.get(email=TYPED) == user
    assert User.objects.get(email__in=[TYPED]) == user


def test_get_or_create_in_another_case__gets_the_user() -> None:
    user = UserFactory.create(email=STORED)
    assert User.objects.get_or_create(email=TYPED) == (user, False)


def test_form__puts_the_instance_in_lower_case() -> None:
    form = EmailForm({"email": f" {TYPED} "})
    assert form.is_valid()
    assert form.instance.email == STORED


def test_form_with_an_address_that_exists_in_another_case__is_refused() -> None:
    UserFactory.create(email=STORED)
    form = EmailForm({"email": TYPED})
    assert form.errors == {"email": ["User with this Email already exists."]}


def test_form_with_an_invalid_address__is_refused() -> None:
    form = EmailForm({"email": "ada"})
    assert form.errors == {"email": ["Enter a valid email address."]}
