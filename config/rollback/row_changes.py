"""The rows that a rollback deletes from tables that stay, or changes there."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django.db.backends.utils import CursorWrapper

from config.postgres import LEDGER
from config.rollback.converted_values import ColumnType, count_converted, read_column_types


@dataclass(frozen=True)
class RowChanges:
    """Numbers of rows by table. The records of migrations do not count."""

    deleted: Mapping[str, int] = field(default_factory=dict)
    """The rows that the code of migrations deletes."""
    updated: Mapping[str, int] = field(default_factory=dict)
    forgotten: Mapping[str, int] = field(default_factory=dict)
    """The rows about models that are removed, which are deleted with their content types."""
    converted: Mapping[str, int] = field(default_factory=dict)
    """Values that are not the same in the type that their column gets, by column and type."""
    tables: frozenset[int] = frozenset()
    """All of these, those that get rows, and the table of those records."""


class RowWatch:
    """The changes of rows in the current transaction, as PostgreSQL's statistics have them."""

    def __init__(self, cursor: CursorWrapper) -> None:
        self.cursor = cursor
        cursor.execute(COUNT_CHANGES)
        self.files = self._read(FILES)
        # Those of the session's last transactions may not have been handed over yet.
        self.earlier = {query: self._read(query) for query in (DELETED, UPDATED, INSERTED)}
        self.by_code: dict[int, int] = {}
        self.deleted: dict[int, int] = {}
        self.updated: dict[int, int] = {}
        self.inserted: dict[int, int] = {}
        self.left: dict[int, int] = {}
        """The rows of the tables that are in another file now, by TRUNCATE or ALTER TABLE."""
        self.columns: list[ColumnType] = []

    def note_code(self) -> None:
        """Note what the code of migrations has deleted."""
        self.by_code = self._changes(DELETED)

    def finish(self) -> None:
        """Note all changes of rows."""
        self.deleted, self.updated = self._changes(DELETED), self._changes(UPDATED)
        self.inserted = self._changes(INSERTED)

    def note_rewritten(self) -> None:
        """Note what is in the tables that have another file now."""
        files = self._read(FILES)
        moved = [oid for oid in files if self.files.get(oid, files[oid]) != files[oid]]
        self.left, self.columns = self._count(moved), read_column_types(self.cursor, moved)

    @property
    def tables(self) -> set[int]:
        """Return the tables whose rows have changed."""
        return {*self.deleted, *self.updated, *self.inserted}

    def describe(self) -> RowChanges:
        """Return what has changed, now that it is undone."""
        truncated = {
            oid: rows - self.left[oid]
            for oid, rows in self._count(self.left).items()
            if rows > self.left[oid]
        }
        by_code = {oid: self.by_code[oid] for oid in self.by_code if oid in self.deleted}
        forgotten = {
            oid: rows - self.by_code.get(oid, 0)
            for oid, rows in self.deleted.items()
            if rows > self.by_code.get(oid, 0)
        }
        return RowChanges(
            self._named(by_code | truncated),
            self._named(self.updated),
            self._named(forgotten),
            count_converted(self.cursor, self.columns),
            frozenset(self.tables | truncated.keys()),
        )

    def _changes(self, query: str) -> dict[int, int]:
        """Return the changes in the tables that were there before; others are gone when undone."""
        earlier = self.earlier[query]
        changes = {oid: rows - earlier.get(oid, 0) for oid, rows in self._read(query).items()}
        return {oid: rows for oid, rows in changes.items() if rows > 0 and oid in self.files}

    def _read(self, query: str) -> dict[int, int]:
        self.cursor.execute(query)
        return dict(self.cursor.fetchall())

    def _count(self, tables: Collection[int]) -> dict[int, int]:
        counts = {}
        self.cursor.execute(NAMES, [list(tables)])
        for oid, name, _ in self.cursor.fetchall():
            self.cursor.execute(f"SELECT count(*) FROM ONLY {name}")
            [(counts[oid],)] = self.cursor.fetchall()
        return counts

    def _named(self, counts: Mapping[int, int]) -> dict[str, int]:
        named = Counter[str]()
        for oid, name in self.names(counts).items():
            named[name] += counts[oid]
        return {name: count for name, count in named.items() if name != LEDGER}

    def names(self, tables: Collection[int]) -> dict[int, str]:
        """Return the names of those tables that exist, in order; for a partition, its table's."""
        self.cursor.execute(NAMES, [list(tables)])
        return {oid: name for oid, _, name in self.cursor.fetchall()}


FILES = """
SELECT oid::bigint, relfilenode::bigint FROM pg_class
 WHERE relkind = 'r' AND oid >= 16384 AND relnamespace <> 'pg_catalog'::regnamespace
   AND relpersistence <> 't'
"""
DELETED = """
SELECT oid::bigint, pg_stat_get_xact_tuples_deleted(oid) FROM pg_class
 WHERE relkind = 'r' AND oid >= 16384 AND relnamespace <> 'pg_catalog'::regnamespace
   AND pg_stat_get_xact_tuples_deleted(oid) > 0
"""
UPDATED = """
SELECT oid::bigint, pg_stat_get_xact_tuples_updated(oid) FROM pg_class
 WHERE relkind = 'r' AND oid >= 16384 AND relnamespace <> 'pg_catalog'::regnamespace
   AND pg_stat_get_xact_tuples_updated(oid) > 0
"""
INSERTED = """
SELECT oid::bigint, pg_stat_get_xact_tuples_inserted(oid) FROM pg_class
 WHERE relkind = 'r' AND oid >= 16384 AND relnamespace <> 'pg_catalog'::regnamespace
   AND pg_stat_get_xact_tuples_inserted(oid) > 0
"""
NAMES = """
SELECT oid::bigint, oid::regclass::text, coalesce(pg_partition_root(oid), oid)::regclass::text
  FROM pg_class WHERE oid = ANY (%s::oid[]) ORDER BY 3, 2
"""

# A superuser may have switched off the statistics that tell which rows are deleted.
COUNT_CHANGES = """
SELECT set_config('track_counts', 'on', true) WHERE current_setting('track_counts') <> 'on'
"""
