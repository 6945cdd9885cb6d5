"""The rows that a rollback deletes or changes in tables that stay."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from operator import sub
from typing import NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres import LEDGER, execute, read_rows
from config.rollback.converted_values import ColumnType, count_converted, read_column_types
from config.rollback.inventory import FIRST_OWN_OID


@dataclass(frozen=True)
class RowChanges:
    """The numbers of changed rows by table, without the table of migration records."""

    deleted: Mapping[str, int] = field(default_factory=dict)
    """The rows that the code of migrations deletes."""
    updated: Mapping[str, int] = field(default_factory=dict)
    forgotten: Mapping[str, int] = field(default_factory=dict)
    """The rows about removed models. Removing the content types also deletes these rows."""
    converted: Mapping[str, int] = field(default_factory=dict)
    """The values that change with the type of their column, by column and type."""
    tables: frozenset[int] = frozenset()
    """The oids of all tables with changed or new rows, and of all rewritten tables. Other sessions
    may write rows to a rewritten table until the rollback."""


class TableActivity(NamedTuple):
    """The file of a table, and the numbers of rows that this transaction has changed."""

    file: int
    deleted: int
    updated: int
    inserted: int


class RowWatch:
    """The changes of rows in the current transaction, according to PostgreSQL's statistics."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        execute(connection, COUNT_CHANGES)
        # The statistics may still contain changes of the session's last transactions.
        self.before = self._read_activity()
        self.by_code: dict[int, TableActivity] = {}
        self.changes: dict[int, TableActivity] = {}
        self.rewritten: Collection[int] = ()
        """The tables that TRUNCATE or ALTER TABLE has given a new file."""
        self.rows_left: dict[int, int] = {}
        """The number of rows left in each rewritten table."""
        self.column_types: list[ColumnType] = []

    def note_code(self) -> None:
        """Note the rows that the code of migrations has changed."""
        self.by_code = self._read_changes()

    def finish(self, locked: Collection[int]) -> None:
        """Note all changes of rows. This transaction has locked the tables `locked` exclusively."""
        self.changes = self._read_changes()
        # Leave out tables that other sessions have rewritten.
        self.rewritten = [oid for oid in self.changes if self.changes[oid].file and oid in locked]

    def note_rewritten(self) -> None:
        """Note the rows and column types of the rewritten tables."""
        self.rows_left = self._count_rows(self.rewritten)
        self.column_types = read_column_types(self.connection, self.rewritten)

    @property
    def tables(self) -> set[int]:
        """The oids of the tables with changed or new rows, and of all rewritten tables."""
        changed = {oid for oid, (_, *rows) in self.changes.items() if max(rows) > 0}
        return changed.union(self.rewritten)

    def read_changes(self) -> RowChanges:
        """Return the changes, after they have been rolled back."""
        truncated = {
            oid: rows - self.rows_left[oid]
            for oid, rows in self._count_rows(self.rows_left).items()
            if rows > self.rows_left[oid]
        }
        changes = self.changes
        by_code = {oid: self.by_code[oid].deleted for oid in changes}
        forgotten = {oid: change.deleted - by_code[oid] for oid, change in changes.items()}
        return RowChanges(
            self._by_name(by_code | truncated),
            self._by_name({oid: change.updated for oid, change in changes.items()}),
            self._by_name(forgotten),
            count_converted(self.connection, self.column_types),
            frozenset(self.tables),
        )

    def _read_changes(self) -> dict[int, TableActivity]:
        """Return the changes since the start, in the tables that existed at the start."""
        return {
            oid: TableActivity(*map(sub, now, self.before[oid]))
            for oid, now in self._read_activity().items()
            if oid in self.before
        }

    def _read_activity(self) -> dict[int, TableActivity]:
        rows = read_rows(self.connection, ACTIVITY)
        return {oid: TableActivity(*numbers) for oid, *numbers in rows}

    def _count_rows(self, tables: Collection[int]) -> dict[int, int]:
        counts = {}
        for oid, name, _ in read_rows(self.connection, NAMES, [list(tables)]):
            [(counts[oid],)] = read_rows(self.connection, f"SELECT count(*) FROM ONLY {name}")
        return counts

    def _by_name(self, counts: Mapping[int, int]) -> dict[str, int]:
        by_name = Counter[str]()
        for oid, name in self.names([oid for oid in counts if counts[oid] > 0]).items():
            by_name[name] += counts[oid]
        return {name: count for name, count in by_name.items() if name != LEDGER}

    def names(self, tables: Collection[int]) -> dict[int, str]:
        """Return the sorted names of existing tables, with partitions named after their table."""
        rows = read_rows(self.connection, NAMES, [list(tables)])
        return {oid: name for oid, _, name in rows}


ACTIVITY = f"""
SELECT oid::bigint, relfilenode::bigint, pg_stat_get_xact_tuples_deleted(oid),
       pg_stat_get_xact_tuples_updated(oid), pg_stat_get_xact_tuples_inserted(oid)
  FROM pg_class
 WHERE relkind = 'r' AND oid >= {FIRST_OWN_OID}
   AND relnamespace <> 'pg_catalog'::regnamespace AND relpersistence <> 't'
"""
NAMES = """
SELECT oid::bigint, oid::regclass::text, coalesce(pg_partition_root(oid), oid)::regclass::text
  FROM pg_class WHERE oid = ANY (%s::oid[]) ORDER BY 3, 2
"""

# A superuser may have disabled these statistics.
COUNT_CHANGES = """
SELECT set_config('track_counts', 'on', true) WHERE current_setting('track_counts') <> 'on'
"""
