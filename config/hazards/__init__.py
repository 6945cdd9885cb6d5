"""check_migrations: what is dangerous about a migration, and what to do instead."""

from config.hazards.planned_hazards import PlannedHazards

__all__ = ["PlannedHazards"]
