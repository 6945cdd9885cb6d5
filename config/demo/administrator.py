"""The administrator's account for the demonstration."""

import secrets

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from config.demo.errors import DemoError
from users.enums import Role
from users.models import User


def find_administrator(database: str) -> User | None:
    """Return the oldest open account of an administrator, or None."""
    accounts = User.objects.using(database).filter(role=Role.ADMIN, deleted_at__isnull=True)
    return accounts.order_by("created_at", "id").first()


def make_administrator(email: str, database: str) -> str:
    """Create an administrator, and return the password, which is stored nowhere.

    Raise DemoError if the address is invalid or taken.
    """
    try:
        validate_email(email)
    except ValidationError:
        raise DemoError(
            f"{email!r} is not an e-mail address. Pass --email you@example.com."
        ) from None
    password = secrets.token_urlsafe(12)
    with transaction.atomic(using=database):
        users = User.objects.db_manager(database)
        if users.filter(email=email).exists():
            raise DemoError(
                f"The account {email} exists, but it is closed or not an administrator's. "
                "Pass another address with --email."
            )
        users.create_superuser(email, password)
    return password
