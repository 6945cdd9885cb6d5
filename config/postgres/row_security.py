"""A transaction that fails if row level security hides rows from the role."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import ProgrammingError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import errors


@contextmanager
def every_row(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Open a transaction, and raise CommandError if a query in it may not read every row.

    FORCE ROW LEVEL SECURITY hides rows even from the owner of a table.
    """
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("SET LOCAL row_security = off")
            yield
    except ProgrammingError as error:
        cause = error.__cause__
        if not isinstance(cause, errors.InsufficientPrivilege):
            raise
        raise CommandError(
            f"Rows cannot be counted: {cause.diag.message_primary}. Nothing was changed. "
            f"{cause.diag.message_hint or 'Let the owner grant it.'} Or use another role."
        ) from error
