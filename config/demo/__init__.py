"""seed_demo and make_admin: demo data, and an administrator's account."""

from config.demo.rows import TABLES

__all__ = ["TABLES"]
