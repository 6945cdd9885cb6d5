"""One month while it is being made, with the rows that have waited for it."""

from datetime import date
from typing import Any

from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import split_identifier

from config.partitions.month_error import MonthError
from config.partitions.new_partition import Part
from config.partitions.table_locks import lock_out_writers, rows
from config.postgres import UNFINISHED, month_name, monthly_partitions, shifted
from config.postgres.catalog import literal


class NewMonth(Part):
    """A month of a table, and the rows that it is going to have."""

    def __init__(
        self, connection: BaseDatabaseWrapper, model: type[models.Model], month: date
    ) -> None:
        partitions: Any = monthly_partitions(model)
        name = month_name(model._meta.db_table, month)
        self.month, self.name = month, split_identifier(name)[1]
        column = connection.ops.quote_name(partitions.column(model))
        is_time = isinstance(model._meta.get_field(partitions.field), models.DateTimeField)
        midnight = " 00:00:00+00" if is_time else ""
        start, end = (literal(f"{day}{midnight}") for day in (month, shifted(month, 1)))
        super().__init__(
            connection,
            model,
            name,
            bounds=f"FOR VALUES FROM ({start}) TO ({end})",
            within=f"{column} >= {start} AND {column} < {end}",
        )

    def check_name(self) -> None:
        """Raise MonthError if something else has the name of the month."""
        query = "SELECT to_regclass(%s)::oid, obj_description(to_regclass(%s), 'pg_class')"
        [(oid, comment)] = rows(self.connection, query, [self.sql_name, self.sql_name])
        if oid and comment != UNFINISHED:
            raise MonthError(
                f"There is a {self.sql_name} that is no partition of {self.table}.",
                "Drop it, rename it, or attach it: "
                f"ALTER TABLE {self.table} ATTACH PARTITION {self.sql_name} {self.bounds};",
            )

    def make(self) -> int:
        """Make the month, and return the number of rows that have moved to it.

        Writers wait at the divided table: after a wait at the default partition, PostgreSQL would
        refuse their rows. If rows move, readers wait there at the end, too: a statement that has
        begun would look for these rows in the default partition.
        """
        with transaction.atomic(using=self.connection.alias):
            lock_out_writers(self.connection, self.table, self.default)
            self.create()
            self.insert("true")
            moved = self._run(f"DELETE FROM ONLY {self.default} WHERE {self.within}")
            if moved:
                self._run(f"LOCK TABLE ONLY {self.table}")
            self.attach()
            self.finish()
        return moved
