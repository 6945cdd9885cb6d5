"""partitions: create coming months of partitioned tables, and archive and drop old months."""

from config.partitions.creation import make_months
from config.partitions.live_partitions import read_partitions

__all__ = ["make_months", "read_partitions"]
