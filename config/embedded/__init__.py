"""The database backend (ENGINE) with the PostgreSQL server that comes with the project."""

from config.embedded.data_directory import BIN

__all__ = ["BIN"]
