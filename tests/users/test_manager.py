"""Creation of accounts by `create_user`, `create_superuser` and the command."""

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from tests.factories import UserFactory
from users.enums import Role
from users.models import User

pytestmark = pytest.mark.django_db


def test_create_user__saves_a_lower_case_address_and_a_hash() -> None:
    user = User.objects.create_user("Ada@Example.COM", "secret", role=Role.EDUCATOR)
    user.refresh_from_db()
    assert (user.email, user.role) == ("ada@example.com", Role.EDUCATOR)
    assert user.password.startswith("md5$")
    assert user.check_password("secret")


def test_create_user_without_a_password__disables_login() -> None:
    assert not User.objects.create_user("ada@example.com", role=Role.STUDENT).has_usable_password()


def test_create_user_with_further_fields__saves_them() -> None:
    user = User.objects.create_user("ada@example.com", role=Role.STUDENT, email_verified=True)
    user.refresh_from_db()
    assert user.email_verified is True


def test_create_user_without_a_role__is_refused() -> None:
    message = r"^UserManager\.create_user\(\) missing 1 required keyword-only argument: 'role'$"
    with pytest.raises(TypeError, match=message):
        User.objects.create_user("ada@example.com", "secret")  # type: ignore[call-arg]


def test_create_user_with_an_address_that_exists_in_another_case__is_refused() -> None:
    UserFactory.create(email="ada@example.com")
    with pytest.raises(IntegrityError, match='violates unique constraint "users_email_uniq"'):
        User.objects.create_user("ADA@example.com", role=Role.STUDENT)


def test_create_superuser__is_an_administrator() -> None:
    user = User.objects.create_superuser("ada@example.com", "secret")
    user.refresh_from_db()
    assert (user.role, user.is_superuser, user.is_staff) == (Role.ADMIN, True, True)
    assert user.check_password("secret")


def test_active__leaves_out_deleted_users() -> None:
    UserFactory.create(deleted=True)
    user = UserFactory.create()
    assert list(User.objects.active()) == [user]


def test_createsuperuser_from_the_environment__creates_an_administrator_who_can_log_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "Ada@example.com")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "secret")
    call_command("createsuperuser", interactive=False)
    user = User.objects.get()
    assert (user.email, user.role) == ("ada@example.com", Role.ADMIN)
    assert user.check_password("secret")
    assert capsys.readouterr().out == "Superuser created successfully.\n"


def test_createsuperuser_with_an_address_that_exists_in_another_case__is_refused() -> None:
    UserFactory.create(email="ada@example.com")
    with pytest.raises(CommandError) as refusal:
        call_command("createsuperuser", interactive=False, email="ADA@example.com")
    assert str(refusal.value) == "Error: That email is already taken."


def test_createsuperuser_with_an_invalid_address__is_refused() -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("createsuperuser", interactive=False, email="ada")
    assert str(refusal.value) == "Enter a valid email address."


def test_createsuperuser_without_an_address__is_refused() -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("createsuperuser", interactive=False)
    assert str(refusal.value) == "You must use --email with --noinput."
