"""The partitions of a table as lines of text."""

from collections.abc import Iterator, Sequence

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from config.console import counted, counted_bytes
from config.partitions.live_partitions import Partition, read_partitions, with_amounts
from config.postgres import read_rows


def months_table(connection: BaseDatabaseWrapper, model: type[models.Model]) -> Iterator[str]:
    """Yield lines with the rows and the size of each partition of the table of `model`."""
    table = model._meta.db_table
    partitions = with_amounts(connection, read_partitions(connection, table))
    if not partitions:
        yield f"Table {table} does not exist or has no partitions. Run migrate."
        return
    months = [partition for partition in partitions if not partition.is_default]
    total = sum(partition.bytes for partition in partitions if partition.attached)
    attached = sum(partition.attached for partition in months)
    yield f"{table}: {counted(attached, 'month')}, {counted_bytes(total)}"
    yield from partition_lines(months)
    for default in (partition for partition in partitions if partition.is_default):
        [(number,)] = read_rows(connection, f"SELECT count(*) FROM ONLY {default.sql_name}")
        yield f"  {counted(number, 'row')} in {default.name}, for months without a partition"


def partition_lines(partitions: Sequence[Partition]) -> Iterator[str]:
    """Yield a line for each partition, with its estimated number of rows."""
    cells = [(p.name, f"{p.rows:,} rows", counted_bytes(p.bytes)) for p in partitions]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for partition, (name, number, size) in zip(partitions, cells, strict=True):
        line = f"  {name:{widths[0]}}  {number:>{widths[1]}}  {size:>{widths[2]}}"
        yield line if partition.attached else f"{line}  detached"
