"""The exchange of a default partition from which many rows move to their months.

Its rows are copied while other sessions read and write. Rows of the months are copied to their
partitions, and all other rows to a new default partition. Then these copies replace the default
partition. This last step blocks other sessions only briefly, even if many rows move.
"""

import math
from collections.abc import Sequence
from functools import partial

from django.core.management.base import CommandError
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.partitions.changed_keys import ChangedKeys
from config.partitions.missing_months import MonthError
from config.partitions.new_partition import NewMonth, NewPartition
from config.partitions.retries import Attempt
from config.partitions.table_locks import block_writes, check_can_be_dropped
from config.postgres import execute, prefixed_name, read_rows

FEW = 10_000
"""The number of rows up to which one transaction moves rows, because it blocks writes."""
PAGES = 4_096
"""The number of pages (32 MB) of the default partition that one transaction copies."""


class Exchange:
    """The exchange of the default partition of `model` for `months` and a new default partition."""

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        model: type[models.Model],
        months: Sequence[NewMonth],
    ) -> None:
        self.connection, self.model, self.months = connection, model, months
        self.table, self.default = months[0].table, months[0].default
        name = connection.ops.quote_name(prefixed_name(model._meta.db_table, "touched"))
        self.changed_keys = ChangedKeys(connection, self.default, name, months[0].key)

    def make(self, attempt: Attempt) -> dict[str, int]:
        """Create the months, and return the approximate number of rows that have moved to each."""
        self._check_nothing_is_lost()
        attempt(partial(check_can_be_dropped, self.connection, self.default))
        for page in range(0, attempt(self._start), PAGES):
            for copy in self.copies:
                rows = f"ctid >= '({page},0)' AND ctid < '({page + PAGES},0)'"
                attempt(partial(copy.insert, rows))
        for copy in self.copies:
            attempt(partial(self._execute, f"ANALYZE {copy.sql_name}"))
        # Copy changed rows again until they are few, or until their number stops falling.
        before = math.inf
        while FEW < (changed := attempt(self._copy_changed_rows)) < before:
            before = changed
        moved = {month.name: self._count_rows(month) for month in self.months}
        attempt(self._add_foreign_keys)
        for copy in self.copies:
            attempt(partial(self._validate_foreign_keys, copy))
        attempt(self._replace_default)
        return moved

    def _check_nothing_is_lost(self) -> None:
        """Raise MonthError if the default partition has an object that its table lacks.

        The new default partition does not get such an object, for example a trigger.
        """
        extra = read_rows(self.connection, NOT_IN_TABLE, [self.default] * 3)
        if extra:
            raise MonthError(
                f"Many rows must move out of {self.default}, so a new partition would replace it. "
                f"These objects would be lost: {', '.join(name for (name,) in extra)}.",
                f"Remove them, or add them to {self.table}. Then run the same command again.",
            )

    def _start(self) -> int:
        """Create the tables, begin to record changed keys, and return the number of pages."""
        with transaction.atomic(using=self.connection.alias):
            self.new_default = self._new_default()
            self.copies = [*self.months, self.new_default]
            for copy in self.copies:
                copy.create()
            self.changed_keys.start()  # last, because the trigger blocks writes until the commit
            pages, self.file = self._read_pages_and_file()
        return pages

    def _new_default(self) -> NewPartition:
        """Return the new default partition, whose condition also excludes the new months."""
        query = "SELECT coalesce(pg_get_partition_constraintdef(%s::regclass), 'true')"
        [(bounds,)] = read_rows(self.connection, query, [self.default])
        condition = " AND ".join([bounds, *(f"NOT ({month.condition})" for month in self.months)])
        name = prefixed_name(self.model._meta.db_table, "to_stay")
        return NewPartition(
            self.connection, self.model, name, bounds="DEFAULT", condition=condition
        )

    def _copy_changed_rows(self) -> int:
        return self.changed_keys.copy_again(self.copies)

    def _add_foreign_keys(self) -> None:
        """Add the foreign keys, because otherwise ATTACH adds and checks them under its lock."""
        with transaction.atomic(using=self.connection.alias):
            block_writes(self.connection, self.table, self.default)
            # When the foreign keys are added, no copied row may refer to a deleted user.
            self._copy_changed_rows()
            for copy in self.copies:
                for name, definition in self._read_foreign_keys():
                    add = f"ALTER TABLE {copy.sql_name} ADD CONSTRAINT {name} {definition}"
                    self._execute(f"{add} NOT VALID")
            # Without ON DELETE, an old copy of a deleted row prevents the deletion of its user. The
            # trigger deletes such copies.
            if read_rows(self.connection, RESTRICTING_FOREIGN_KEYS, [self.table]):
                self.changed_keys.replace_trigger_function(self.copies)

    def _validate_foreign_keys(self, copy: NewPartition) -> None:
        for name, _ in self._read_foreign_keys():
            self._execute(f"ALTER TABLE {copy.sql_name} VALIDATE CONSTRAINT {name}")

    def _read_foreign_keys(self) -> list[tuple[str, str]]:
        return read_rows(self.connection, FOREIGN_KEYS, [self.table])

    def _replace_default(self) -> None:
        """Replace the default partition with its copies."""
        with transaction.atomic(using=self.connection.alias):
            block_writes(self.connection, self.table, self.default)
            self._copy_changed_rows()
            # ALTER TABLE refuses a table that has pending deferred checks.
            self._execute("SET CONSTRAINTS ALL IMMEDIATE")
            self._check_file()
            self._execute(f"LOCK TABLE ONLY {self.table}")
            self.new_default.copy_privileges()
            self.changed_keys.stop()
            self._execute(f"DROP TABLE {self.default}")
            self.new_default.become_default()
            # If the default partition is attached first, PostgreSQL reads no row of it.
            for copy in (self.new_default, *self.months):
                copy.attach()
            for copy in self.copies:
                copy.finish()

    def _check_file(self) -> None:
        """Raise CommandError if rows were changed without the trigger, for example by TRUNCATE."""
        if self._read_pages_and_file()[1] != self.file:
            raise CommandError(
                f"{self.default} was emptied or rewritten, or its triggers were disabled, while "
                "its rows were copied. No row has moved. Run the same command again."
            )

    def _read_pages_and_file(self) -> tuple[int, str]:
        """Return the number of pages, and a text that differs after a change without the trigger.

        TRUNCATE and VACUUM FULL change the file, and DISABLE TRIGGER ALL the state of the trigger.
        """
        [(pages, file)] = read_rows(self.connection, PAGES_AND_FILE, [self.default] * 3)
        return pages, file

    def _count_rows(self, month: NewMonth) -> int:
        [(count,)] = read_rows(self.connection, f"SELECT count(*) FROM {month.sql_name}")
        return int(count)

    def _execute(self, sql: str) -> int:
        return execute(self.connection, sql)


PAGES_AND_FILE = """
    SELECT pg_relation_size(%s::regclass) / current_setting('block_size')::int,
           concat(pg_relation_filenode(%s::regclass),
                  (SELECT tgenabled FROM pg_trigger
                    WHERE tgrelid = %s::regclass AND tgname = 'touched'))
"""
FOREIGN_KEYS = """
    SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
     WHERE conrelid = %s::regclass AND contype = 'f' AND convalidated AND conparentid = 0
"""
RESTRICTING_FOREIGN_KEYS = """
    SELECT FROM pg_constraint
     WHERE conrelid = %s::regclass AND contype = 'f' AND confdeltype IN ('a', 'r')
"""
# PostgreSQL copies some objects of the table to the partition. Such a copy also depends on its
# original, with deptype "P" or by inheritance.
NOT_IN_TABLE = """
    SELECT pg_describe_object(classid, objid, 0) FROM pg_depend AS own
     WHERE refclassid = 'pg_class'::regclass AND refobjid = %s::regclass AND deptype = 'a'
       AND classid IN ('pg_trigger'::regclass, 'pg_policy'::regclass, 'pg_rewrite'::regclass,
                       'pg_publication_rel'::regclass, 'pg_class'::regclass)
       AND NOT EXISTS (SELECT FROM pg_depend AS of_table
                        WHERE (of_table.classid, of_table.objid) = (own.classid, own.objid)
                          AND of_table.deptype = 'P')
       AND NOT EXISTS (SELECT FROM pg_trigger WHERE oid = own.objid AND tgisinternal)
     UNION
    SELECT pg_describe_object('pg_constraint'::regclass, oid, 0) FROM pg_constraint
     WHERE conrelid = %s::regclass AND coninhcount = 0
     UNION
    SELECT 'row level security' FROM pg_class WHERE oid = %s::regclass AND relrowsecurity
     ORDER BY 1
"""
