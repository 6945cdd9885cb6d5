"""seed_demo and make_admin: a made-up learning platform to look at."""

from config.demo.rows import TABLES

__all__ = ["TABLES"]
