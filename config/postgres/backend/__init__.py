"""Django's PostgreSQL backend with native enum types, the ENGINE in DATABASES."""

from config.postgres.backend.base import DatabaseWrapper
from config.postgres.backend.schema import DatabaseSchemaEditor
from config.postgres.backend.transactions import (
    LASTING,
    autocommit_on,
    begin,
    certain_commit,
    final_status,
    revive,
)

__all__ = [
    "LASTING",
    "DatabaseSchemaEditor",
    "DatabaseWrapper",
    "autocommit_on",
    "begin",
    "certain_commit",
    "final_status",
    "revive",
]
