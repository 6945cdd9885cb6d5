"""Django's PostgreSQL backend, aware of enum types (ENGINE)."""

from config.postgres.backend.base import DatabaseWrapper
from config.postgres.backend.schema import DatabaseSchemaEditor

__all__ = ["DatabaseSchemaEditor", "DatabaseWrapper"]
