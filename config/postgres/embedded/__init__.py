"""The PostgreSQL server that comes with the project; ENGINE is "config.postgres.embedded"."""

from config.postgres.embedded.cluster import BIN

__all__ = ["BIN"]
