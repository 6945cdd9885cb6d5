"""The account with which to look around."""

import secrets

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from config.demo.errors import DemoError
from users.enums import Role
from users.models import User


def find_administrator(database: str) -> User | None:
    """The oldest account that can administer."""
    accounts = User.objects.using(database).filter(role=Role.ADMIN, deleted_at__isnull=True)
    return accounts.order_by("created_at", "id").first()


def make_administrator(email: str, database: str) -> str:
    """Make the account; its password, which is nowhere else. Raises DemoError."""
    try:
        validate_email(email)
    except ValidationError:
        raise DemoError(f"{email!r} is no e-mail address. Write --email you@example.com.") from None
    password = secrets.token_urlsafe(12)
    with transaction.atomic(using=database):
        users = User.objects.db_manager(database)
        if users.filter(email=email).exists():
            raise DemoError(
                f"There is an account {email} already, which is closed or may not administer. "
                "Write --email with another address."
            )
        users.create_superuser(email, password)
    return password
