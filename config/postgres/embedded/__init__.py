"""The PostgreSQL server that comes with the project (ENGINE)."""

from config.postgres.embedded.data_directory import BIN

__all__ = ["BIN"]
