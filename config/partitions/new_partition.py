"""New partitions: the partition of a month, and a new default partition.

A new partition is at first an ordinary table, which gets its rows before it is attached. CREATE
TABLE ... PARTITION OF is not used, because it blocks reads of the whole table until the commit.
"""

from datetime import date
from typing import Any

from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import split_identifier

from config.partitions.missing_months import MonthError
from config.partitions.table_locks import block_writes
from config.postgres import (
    UNFINISHED,
    add_months,
    execute,
    month_name,
    monthly_partitions,
    read_rows,
)
from config.postgres.catalog import literal, quote


class NewPartition:
    """A new partition for the rows of the default partition that meet `condition`.

    `name` is its db_table, and `bounds` is the end of its ATTACH PARTITION.
    """

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        model: type[models.Model],
        name: str,
        *,
        bounds: str,
        condition: str,
    ) -> None:
        self.connection = connection
        partitions: Any = monthly_partitions(model)
        quote_name = connection.ops.quote_name
        self.sql_name, self.table = quote_name(name), quote_name(model._meta.db_table)
        self.default = quote_name(partitions.default_partition(model))
        self.key = [quote_name(str(model._meta.pk.column)), quote_name(partitions.column(model))]
        self.bounds, self.condition = bounds, condition

    def create(self) -> None:
        """Create the table, with a check that its rows meet the condition.

        Because of this check, ATTACH PARTITION does not read the rows.
        """
        with transaction.atomic(using=self.connection.alias):
            self._execute(
                f"CREATE TABLE {self.sql_name} (LIKE {self.table} INCLUDING ALL EXCLUDING IDENTITY,"
                f" CONSTRAINT partition_bounds CHECK ({self.condition}))"
            )
            self._execute(f"COMMENT ON TABLE {self.sql_name} IS {literal(UNFINISHED)}")
            for (owner,) in read_rows(self.connection, OTHER_OWNER, [self.table]):
                self._execute(f"ALTER TABLE {self.sql_name} OWNER TO {quote(owner)}")

    def insert(self, condition: str) -> None:
        """Copy the rows of this partition that meet `condition` and are not copied yet."""
        columns = read_rows(self.connection, WRITABLE_COLUMNS, [self.table])
        names = ", ".join(name for (name,) in columns)
        self._execute(
            f"INSERT INTO {self.sql_name} ({names})"
            f" SELECT {names} FROM ONLY {self.default} WHERE {self.condition} AND {condition}"
            " ON CONFLICT DO NOTHING"
        )

    def copy_privileges(self) -> None:
        """Grant roles the privileges that they have on the default partition."""
        for (grant,) in read_rows(self.connection, GRANTS, [self.sql_name, self.default]):
            self._execute(grant)

    def become_default(self) -> None:
        """Give the table the name of the old default partition, which was dropped."""
        name = quote(split_identifier(self.default)[1])
        self._execute(f"ALTER TABLE {self.sql_name} RENAME TO {name}")
        self.sql_name = self.default

    def attach(self) -> None:
        self._execute(f"ALTER TABLE {self.table} ATTACH PARTITION {self.sql_name} {self.bounds}")

    def finish(self) -> None:
        """Remove the check and the comment that the partition needed until it was attached."""
        self._execute(f"ALTER TABLE {self.sql_name} DROP CONSTRAINT partition_bounds")
        self._execute(f"COMMENT ON TABLE {self.sql_name} IS NULL")

    def _execute(self, sql: str) -> int:
        return execute(self.connection, sql)


class NewMonth(NewPartition):
    """The partition of a month."""

    def __init__(
        self, connection: BaseDatabaseWrapper, model: type[models.Model], month: date
    ) -> None:
        partitions: Any = monthly_partitions(model)
        name = month_name(model._meta.db_table, month)
        self.name = split_identifier(name)[1]
        column = connection.ops.quote_name(partitions.column(model))
        is_time = isinstance(model._meta.get_field(partitions.field), models.DateTimeField)
        midnight = " 00:00:00+00" if is_time else ""
        start, end = (literal(f"{day}{midnight}") for day in (month, add_months(month, 1)))
        super().__init__(
            connection,
            model,
            name,
            bounds=f"FOR VALUES FROM ({start}) TO ({end})",
            condition=f"{column} >= {start} AND {column} < {end}",
        )

    def check_name(self) -> None:
        """Raise MonthError if another relation has the name of the month."""
        query = "SELECT to_regclass(%s)::oid, obj_description(to_regclass(%s), 'pg_class')"
        [(oid, comment)] = read_rows(self.connection, query, [self.sql_name, self.sql_name])
        if oid and comment != UNFINISHED:
            raise MonthError(
                f"{self.sql_name} exists, but is not a partition of {self.table}.",
                "Drop it, rename it, or attach it: "
                f"ALTER TABLE {self.table} ATTACH PARTITION {self.sql_name} {self.bounds};",
            )

    def make(self) -> int:
        """Create the month, move its rows there, and return their number."""
        with transaction.atomic(using=self.connection.alias):
            # Also lock the table. An INSERT that waits only for the lock of the default partition
            # fails later, because its row belongs to the new month.
            block_writes(self.connection, self.table, self.default)
            self.create()
            self.insert("true")
            moved = self._execute(f"DELETE FROM ONLY {self.default} WHERE {self.condition}")
            if moved:
                # A query that began earlier looks for these rows in the default partition.
                self._execute(f"LOCK TABLE ONLY {self.table}")
            self.attach()
            self.finish()
        return moved


# If a superuser creates months of another role's table, that role owns the months.
OTHER_OWNER = """
    SELECT pg_get_userbyid(relowner) FROM pg_class
     WHERE oid = %s::regclass AND relowner <> current_user::regrole
"""
GRANTS = """
    SELECT format('GRANT %%s ON %%s TO %%s', privilege_type, %s::text,
                  CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
           || CASE WHEN is_grantable AND grantee <> relowner THEN ' WITH GRANT OPTION' ELSE '' END
      FROM pg_class, aclexplode(relacl)
     WHERE pg_class.oid = %s::regclass
"""
WRITABLE_COLUMNS = """
    SELECT quote_ident(attname) FROM pg_attribute
     WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
     ORDER BY attnum
"""
