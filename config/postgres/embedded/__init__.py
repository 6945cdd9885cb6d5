"""The project's own PostgreSQL server for development; ENGINE is "config.postgres.embedded"."""

from config.postgres.embedded.cluster import BIN

__all__ = ["BIN"]
