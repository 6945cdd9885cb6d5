"""Why a comparison cannot be made, in one line."""

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import errors

from config.console import OutputError, explain
from config.postgres.backend import DatabaseWrapper
from config.postgres.catalog import CatalogError


def check_engine(connection: BaseDatabaseWrapper) -> None:
    if not isinstance(connection, DatabaseWrapper):
        raise CatalogError(
            f"Database {connection.alias!r} has the engine {connection.settings_dict['ENGINE']!r}; "
            "only config.postgres.backend knows how to make this schema."
        )


def one_line(error: Exception) -> str:
    """What went wrong, and what to do about it."""
    if isinstance(error.__cause__, errors.LockNotAvailable):
        return "Somebody is changing the schema and has not committed yet. Try again after that."
    explanation = explain(error) if not isinstance(error, CatalogError | OutputError) else None
    return " ".join((explanation or str(error)).split())
