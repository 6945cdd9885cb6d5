"""The administrator's account for the demonstration."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email
from django.db import connections

from config.postgres.backend import begin, certain_commit
from users.enums import Role
from users.models import User

KEY = int.from_bytes(b"makeadmn")
"""The key of the advisory lock that one process at a time holds while it creates the account."""


@contextmanager
def administrator(email: str, database: str) -> Iterator[tuple[str, str]]:
    """Yield the address of an administrator, and the password ('' for an existing account).

    If the block fails, for example because the password cannot be printed, no account is created.
    """
    connection = connections[database]
    with certain_commit(connection), connection.cursor() as cursor:
        with connection.wrap_database_errors:
            begin(connection.connection)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [KEY])
        if account := find_administrator(database):
            yield account.email, ""
        else:
            yield email, make_administrator(email, database)


def find_administrator(database: str) -> User | None:
    """Return the oldest open account of an administrator, or None."""
    accounts = User.objects.using(database).filter(role=Role.ADMIN, deleted_at__isnull=True)
    return accounts.order_by("created_at", "id").first()


def make_administrator(email: str, database: str) -> str:
    """Create an administrator, and return the password. Only a hash of the password is stored.

    Raise CommandError if the address is invalid or taken.
    """
    try:
        validate_email(email)
    except ValidationError:
        raise CommandError(
            f"{email!r} is not an e-mail address. Pass --email you@example.com."
        ) from None
    password = secrets.token_urlsafe(12)
    users = User.objects.db_manager(database)
    if users.filter(email=email).exists():
        raise CommandError(
            f"The account {email} exists, but it is closed or not an administrator's. "
            "Pass another address with --email."
        )
    users.create_superuser(email, password)
    return password
