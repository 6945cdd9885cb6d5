"""A believable learning platform as demonstration data, and an account to look at it."""

from config.demo.rows import TABLES

__all__ = ["TABLES"]
