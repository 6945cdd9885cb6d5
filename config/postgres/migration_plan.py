"""The types of a migration plan."""

from collections.abc import Sequence

from django.db.migrations import Migration

type Node = tuple[str, str]
"""App label and name of a migration."""

type Plan = Sequence[tuple[Migration, bool]]
"""Migrations in the order in which they run. True marks one that runs backwards."""
