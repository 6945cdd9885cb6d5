"""The database backend (ENGINE) with the PostgreSQL server that comes with the project."""

from config.postgres.embedded.data_directory import BIN

__all__ = ["BIN"]
