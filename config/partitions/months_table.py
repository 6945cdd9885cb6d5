"""The months of a table, as text."""

from collections.abc import Iterator, Sequence

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from config.console import counted, counted_bytes
from config.partitions.live_partitions import Partition, read_partitions, with_amounts
from config.partitions.table_locks import rows


def months_table(connection: BaseDatabaseWrapper, model: type[models.Model]) -> Iterator[str]:
    """Yield lines with the rows and the size of each partition of the table of `model`."""
    table = model._meta.db_table
    partitions = with_amounts(connection, read_partitions(connection, table))
    if not partitions:
        yield f"{table} is not there, or has no partitions. Run migrate."
        return
    months = [partition for partition in partitions if not partition.is_default]
    total = sum(partition.bytes for partition in partitions if partition.attached)
    attached = sum(partition.attached for partition in months)
    yield f"{table}: {counted(attached, 'month')}, {counted_bytes(total)}"
    yield from listed(months)
    for default in (partition for partition in partitions if partition.is_default):
        count = f"SELECT count(*) FROM ONLY {default.sql_name}"
        [(waiting,)] = rows(connection, count)
        yield f"  {counted(waiting, 'row')} in {default.name}, of months without a partition"


def listed(partitions: Sequence[Partition]) -> Iterator[str]:
    """Yield a line for each partition; rows are an estimate."""
    cells = [(p.name, f"{p.rows:,} rows", counted_bytes(p.bytes)) for p in partitions]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for partition, (name, number, size) in zip(partitions, cells, strict=True):
        line = f"  {name:{widths[0]}}  {number:>{widths[1]}}  {size:>{widths[2]}}"
        yield line if partition.attached else f"{line}  detached"
