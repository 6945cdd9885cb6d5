"""partitions: create coming months of partitioned tables, and archive and drop old months."""

from config.partitions.live_partitions import read_partitions
from config.partitions.making import make_months

__all__ = ["make_months", "read_partitions"]
