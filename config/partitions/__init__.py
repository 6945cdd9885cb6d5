"""partitions: the months of a divided table, made ahead, and archived and dropped when old."""

from config.partitions.live import Partition, read_partitions
from config.partitions.making import make_months
from config.partitions.months import missing_months

__all__ = [
    "Partition",
    "make_months",
    "missing_months",
    "read_partitions",
]
