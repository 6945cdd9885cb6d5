"""partitions: make the months of partitioned tables ahead, and archive and drop old ones."""

from config.partitions.live_partitions import read_partitions
from config.partitions.making import make_months

__all__ = ["make_months", "read_partitions"]
