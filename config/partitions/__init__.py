"""The months of a divided table: made ahead, and archived and dropped when they are old."""

from config.partitions.live_partitions import read_partitions
from config.partitions.making import make_months

__all__ = ["make_months", "read_partitions"]
