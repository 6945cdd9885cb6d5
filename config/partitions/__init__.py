"""partitions: the months of a divided table, made ahead, and archived and dropped when old."""

from config.partitions.live_partitions import Partition, read_partitions
from config.partitions.making import make_months
from config.partitions.months_to_make import missing_months

__all__ = [
    "Partition",
    "make_months",
    "missing_months",
    "read_partitions",
]
