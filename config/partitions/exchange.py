"""Many rows that leave the default partition, without a lock that lasts the longer the more move.

All of its rows are copied while others read and write: those that move to their months, and those
that stay to a new default partition. At the end the copies take its place.
"""

import math
from collections.abc import Sequence
from functools import partial

from django.core.management.base import CommandError
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.partitions.attempts import Attempt
from config.partitions.changed_keys import Touched
from config.partitions.new_month import NewMonth
from config.partitions.new_partition import Part
from config.partitions.own import check_nothing_own
from config.partitions.table_locks import lock_out_writers, rows, run, try_to_drop
from config.postgres import part_name

FEW = 10_000
"""So many rows move in one transaction that locks out writers."""
PAGES = 4_096
"""The pages of the default partition of which one transaction copies the rows: 32 MB."""


class Exchange:
    """The exchange of the default partition of `model` for `months` and a new one."""

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        model: type[models.Model],
        months: Sequence[NewMonth],
    ) -> None:
        self.connection, self.model, self.months = connection, model, months
        self.table, self.default = months[0].table, months[0].default
        name = connection.ops.quote_name(part_name(model._meta.db_table, "touched"))
        self.touched = Touched(connection, self.default, name, months[0].key)

    def make(self, attempt: Attempt) -> dict[str, int]:
        """Make the months, and return the number of rows that have moved to each."""
        check_nothing_own(self.connection, self.table, self.default)
        attempt(partial(try_to_drop, self.connection, self.default))
        for page in range(0, attempt(self._begin), PAGES):
            for part in self.parts:
                some = f"ctid >= '({page},0)' AND ctid < '({page + PAGES},0)'"
                attempt(partial(part.insert, some))
        for part in self.parts:
            attempt(partial(self._run, f"ANALYZE {part.sql_name}"))
        before = math.inf
        while FEW < (noted := attempt(self._copy_again)) < before:
            before = noted
        moved = {month.name: self._count(month) for month in self.months}
        attempt(self._refer)
        for part in self.parts:
            attempt(partial(self._validate, part))
        attempt(self._exchange)
        return moved

    def _begin(self) -> int:
        """Create the tables, note what is written from now on, and return the pages to copy."""
        with transaction.atomic(using=self.connection.alias):
            self.stays = self._stays()
            self.parts = [*self.months, self.stays]
            for part in self.parts:
                part.create()
            self.touched.begin()  # at last, as writers wait from here on
            pages, self.file = self._pages_and_file()
        return pages

    def _stays(self) -> Part:
        """Return what takes the rows that stay; its check is that of the default partition, too."""
        query = "SELECT coalesce(pg_get_partition_constraintdef(%s::regclass), 'true')"
        [(bounds,)] = rows(self.connection, query, [self.default])
        within = " AND ".join([bounds, *(f"NOT ({month.within})" for month in self.months)])
        name = part_name(self.model._meta.db_table, "to_stay")
        return Part(self.connection, self.model, name, bounds="DEFAULT", within=within)

    def _copy_again(self) -> int:
        return self.touched.copy_again(self.parts)

    def _refer(self) -> None:
        """Add the foreign keys, which ATTACH would add and check under its lock.

        From now on a deleted user is deleted from the copies, too: those that are gone already must
        not be in them. To copy rows again while users are deleted could be a deadlock. If a key
        keeps a user that rows refer to, a deleted row must not stay in the copies.
        """
        with transaction.atomic(using=self.connection.alias):
            lock_out_writers(self.connection, self.table, self.default)
            self._copy_again()
            for part in self.parts:
                for name, definition in self._foreign_keys():
                    add = f"ALTER TABLE {part.sql_name} ADD CONSTRAINT {name} {definition}"
                    self._run(f"{add} NOT VALID")
            if rows(self.connection, KEEPING, [self.table]):
                self.touched.note(self.parts)

    def _validate(self, part: Part) -> None:
        for name, _ in self._foreign_keys():
            self._run(f"ALTER TABLE {part.sql_name} VALIDATE CONSTRAINT {name}")

    def _foreign_keys(self) -> list[tuple[str, str]]:
        return rows(self.connection, FOREIGN_KEYS, [self.table])

    def _exchange(self) -> None:
        with transaction.atomic(using=self.connection.alias):
            lock_out_writers(self.connection, self.table, self.default)
            self._copy_again()
            self._run("SET CONSTRAINTS ALL IMMEDIATE")  # checks that wait keep tables from ALTER
            self._check_file()
            self._run(f"LOCK TABLE ONLY {self.table}")
            self.stays.take_privileges()
            self.touched.end()
            self._run(f"DROP TABLE {self.default}")
            self.stays.become_default()
            for part in (self.stays, *self.months):  # in this order, no row is looked at
                part.attach()
            for part in self.parts:
                part.finish()

    def _check_file(self) -> None:
        """Raise CommandError if rows were changed without a note, for example by TRUNCATE."""
        if self._pages_and_file()[1] != self.file:
            raise CommandError(
                f"{self.default} was emptied or rewritten, or its triggers were disabled, while "
                "its rows were copied. No row has moved. Run the same command again."
            )

    def _pages_and_file(self) -> tuple[int, str]:
        """Return the size, and what TRUNCATE, VACUUM FULL and DISABLE TRIGGER ALL change."""
        [(pages, file)] = rows(self.connection, SOURCE, [self.default] * 3)
        return pages, file

    def _count(self, month: NewMonth) -> int:
        [(count,)] = rows(self.connection, f"SELECT count(*) FROM {month.sql_name}")
        return int(count)

    def _run(self, sql: str) -> int:
        return run(self.connection, sql)


SOURCE = """
    SELECT pg_relation_size(%s::regclass) / current_setting('block_size')::int,
           concat(pg_relation_filenode(%s::regclass),
                  (SELECT tgenabled FROM pg_trigger
                    WHERE tgrelid = %s::regclass AND tgname = 'touched'))
"""
FOREIGN_KEYS = """
    SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
     WHERE conrelid = %s::regclass AND contype = 'f' AND convalidated AND conparentid = 0
"""
KEEPING = """
    SELECT FROM pg_constraint
     WHERE conrelid = %s::regclass AND contype = 'f' AND confdeltype IN ('a', 'r')
"""
