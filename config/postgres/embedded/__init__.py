"""The PostgreSQL server that comes with the project (ENGINE)."""

from config.postgres.embedded.cluster import BIN

__all__ = ["BIN"]
