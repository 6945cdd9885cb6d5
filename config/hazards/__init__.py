"""check_migrations: what is dangerous about a migration, what to do instead."""

from config.hazards.planned_hazards import PlannedHazards

__all__ = ["PlannedHazards"]
