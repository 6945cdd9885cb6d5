"""The types of a migration plan, and the table of applied migrations."""

from collections.abc import Sequence

from django.db.migrations import Migration

LEDGER = "django_migrations"
"""The table in which Django records applied migrations."""

type Node = tuple[str, str]
"""App label and name of a migration."""

type Plan = Sequence[tuple[Migration, bool]]
"""Migrations in the order in which they run, each with True if it is unapplied."""
