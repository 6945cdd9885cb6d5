"""check_migrations: the dangers of a migration, and what to do instead."""

from config.hazards.demands import Demand, demands_of, new_labels, validated
from config.hazards.planned_demands import PlannedDemand
from config.hazards.planned_hazards import PlannedHazards
from config.hazards.statements import table_of

__all__ = [
    "Demand",
    "PlannedDemand",
    "PlannedHazards",
    "demands_of",
    "new_labels",
    "table_of",
    "validated",
]
