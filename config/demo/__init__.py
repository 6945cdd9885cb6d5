"""seed_demo and make_admin: a made-up learning platform, and an account to look at it."""

from config.demo.rows import TABLES

__all__ = ["TABLES"]
