"""Queries and statements without a model."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper


def read_rows(
    connection: BaseDatabaseWrapper,
    sql: str,
    parameters: Sequence[Any] | Mapping[str, Any] | None = None,
) -> list[Any]:
    """Return the rows of a query. Without parameters, a % in `sql` must not be doubled."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def execute(
    connection: BaseDatabaseWrapper, sql: str, parameters: Sequence[Any] | None = None
) -> int:
    """Run a statement, and return the number of rows that it changed."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)
