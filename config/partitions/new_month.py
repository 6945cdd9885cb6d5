"""One month while it is being made.

It begins as an ordinary table, gets its rows, and is attached in the end: CREATE TABLE ...
PARTITION OF would keep readers, too, away from the whole table until the rows have moved.
"""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

from django.core.management.base import CommandError
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import split_identifier

from config.partitions.attempts import Attempt
from config.partitions.months import shifted
from config.partitions.statements import lock_out_writers, rows, run
from config.postgres import UNFINISHED, month_name, monthly_partitions
from config.postgres.catalog import literal, quote
from config.postgres.citus import is_cluster

FEW = 10_000
"""So many rows move in one transaction. More are copied first, without a lock."""
PAGES = 4_096
"""The pages of the default partition of which one transaction copies the rows: 32 MB."""


class NewMonth:
    """A month of a table, and the rows that it is going to have."""

    def __init__(
        self, connection: BaseDatabaseWrapper, model: type[models.Model], month: date
    ) -> None:
        self.connection = connection
        partitions: Any = monthly_partitions(model)
        named, table = connection.ops.quote_name, model._meta.db_table
        self.name = split_identifier(month_name(table, month))[1]
        self.table, self.month = named(table), named(month_name(table, month))
        self.default = named(partitions.default_partition(model))
        column = named(partitions.column(model))
        self.key = [named(str(model._meta.pk.column)), column]
        is_time = isinstance(model._meta.get_field(partitions.field), models.DateTimeField)
        midnight = " 00:00:00+00" if is_time else ""
        start, end = (literal(f"{day}{midnight}") for day in (month, shifted(month, 1)))
        self.bounds = f"FOR VALUES FROM ({start}) TO ({end})"
        self.within = f"{column} >= {start} AND {column} < {end}"

    def check_name(self) -> None:
        """Raise CommandError if something else has the name of the month."""
        [(oid, comment)] = self._rows(
            "SELECT to_regclass(%s)::oid, obj_description(to_regclass(%s), 'pg_class')",
            [self.month, self.month],
        )
        if oid and comment != UNFINISHED:
            raise CommandError(
                f"There is a {self.month} that is no partition of {self.table}. Nothing was "
                "changed. Drop it, rename it, or attach it: "
                f"ALTER TABLE {self.table} ATTACH PARTITION {self.month} {self.bounds};"
            )

    def make(self, attempt: Attempt) -> int:
        """Make the month, and return the number of rows that have moved to it.

        A copy that an earlier run has left is removed, as rows may have changed since.
        """
        attempt(self._remove_copy)
        since = self._copy(attempt) if self._has_many() else None
        return int(attempt(lambda: self._attach(since)))

    def tidy(self, moved: int) -> None:
        """Gather statistics of the month, and free the space of the rows that have moved."""
        if moved:
            self._run(f"ANALYZE {self.month}")
        if moved > FEW and not self.connection.in_atomic_block:
            self._run(f"VACUUM (ANALYZE) {self.default}")

    def _remove_copy(self) -> None:
        self.check_name()
        self._run(f"DROP TABLE IF EXISTS {self.month}")

    def _has_many(self) -> bool:
        if is_cluster(self.connection.alias):  # on which a row is not found by its page
            return False
        some = f"SELECT 1 FROM ONLY {self.default} WHERE {self.within} LIMIT {FEW + 1}"
        [(found,)] = self._rows(f"SELECT count(*) FROM ({some}) AS found")
        return bool(found > FEW)

    def _copy(self, attempt: Attempt) -> str:
        """Copy the rows, and return the oldest transaction that had not ended before.

        What it and later ones write may be missed; _catch_up() sees to that.
        """
        attempt(self._create)
        [(since, pages)] = self._rows(
            "SELECT pg_snapshot_xmin(pg_current_snapshot())::xid::text,"
            " pg_relation_size(%s::regclass) / current_setting('block_size')::int",
            [self.default],
        )
        for page in range(0, pages, PAGES):
            some = f"ctid >= '({page},0)' AND ctid < '({page + PAGES},0)'"
            attempt(partial(self._insert, some, "NOTHING"))
        return str(since)

    def _create(self) -> None:
        """Create the table of the month, as one whose rows are elsewhere, too.

        Its check tells PostgreSQL that all rows fit, without a look at each.
        """
        with transaction.atomic(using=self.connection.alias):
            self._run(
                f"CREATE TABLE {self.month} (LIKE {self.table} INCLUDING ALL EXCLUDING IDENTITY,"
                f" CONSTRAINT partition_bounds CHECK ({self.within}))"
            )
            self._run(f"COMMENT ON TABLE {self.month} IS {literal(UNFINISHED)}")
            for (owner,) in self._rows(OTHER_OWNER, [self.table]):
                self._run(f"ALTER TABLE {self.month} OWNER TO {quote(owner)}")

    def _attach(self, since: str | None) -> int:
        """Move the rows, or those that are not copied, and attach the month.

        Writers wait at the divided table: after a wait at the default partition, PostgreSQL would
        refuse their rows. If rows move, readers wait there at the end, too: a statement that has
        begun would look for these rows in the default partition.
        """
        with transaction.atomic(using=self.connection.alias):
            lock_out_writers(self.connection, self.table, self.default)
            if since:
                self._catch_up(since)
            else:
                self._create()
                self._insert("true", "NOTHING")
            moved = self._run(f"DELETE FROM ONLY {self.default} WHERE {self.within}")
            if moved:
                self._run(f"LOCK TABLE ONLY {self.table}")
            self._run(f"ALTER TABLE {self.table} ATTACH PARTITION {self.month} {self.bounds}")
            self._run(f"ALTER TABLE {self.month} DROP CONSTRAINT partition_bounds")
            self._run(f"COMMENT ON TABLE {self.month} IS NULL")
        return moved

    def _catch_up(self, since: str) -> None:
        """Make the copy equal to what the default partition has now.

        Rows that were inserted or updated are known by who wrote them, deleted ones by the number.
        """
        update = ", ".join(f"{name} = EXCLUDED.{name}" for name in self._columns())
        self._insert(f"age(xmin) <= age({literal(since)}::xid)", f"UPDATE SET {update}")
        count = "SELECT count(*) FROM ONLY"
        [(copied,)] = self._rows(f"{count} {self.month}")
        [(there,)] = self._rows(f"{count} {self.default} WHERE {self.within}")
        if copied != there:
            same = " AND ".join(f"there.{name} = copied.{name}" for name in self.key)
            self._run(
                f"DELETE FROM {self.month} AS copied WHERE NOT EXISTS (SELECT"
                f" FROM ONLY {self.default} AS there WHERE {same})"
            )

    def _insert(self, some: str, in_conflict: str) -> None:
        columns = ", ".join(self._columns())
        self._run(
            f"INSERT INTO {self.month} ({columns})"
            f" SELECT {columns} FROM ONLY {self.default} WHERE {self.within} AND {some}"
            f" ON CONFLICT ({', '.join(self.key)}) DO {in_conflict}"
        )

    def _columns(self) -> list[str]:
        """Return the columns that are written; PostgreSQL computes the others."""
        return [name for (name,) in self._rows(WRITTEN, [self.table])]

    def _rows(self, sql: str, parameters: Sequence[str] | None = None) -> list[Any]:
        return rows(self.connection, sql, parameters)

    def _run(self, sql: str) -> int:
        return run(self.connection, sql)


# A superuser can make months of a table that is another role's, which has to own them, too.
OTHER_OWNER = """
    SELECT pg_get_userbyid(relowner) FROM pg_class
     WHERE oid = %s::regclass AND relowner <> current_user::regrole
"""
WRITTEN = """
    SELECT quote_ident(attname) FROM pg_attribute
     WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
     ORDER BY attnum
"""
