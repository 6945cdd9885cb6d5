"""The tables that running code may be using while a plan of migrations runs."""

from django.db.migrations import Migration

from config.hazards.statements import table_statement
from config.postgres.catalog import DiskUsage

SMALL = 16 * 1024 * 1024
"""The number of bytes, indexes included, that PostgreSQL rewrites in a fraction of a second."""

type TableSizes = dict[str, DiskUsage]


class TablesInUse:
    """The tables that the plan does not create itself, and their sizes.

    Without `sizes`, each of these tables counts as big and in use.
    """

    def __init__(self, sizes: TableSizes | None) -> None:
        self.sizes = None if sizes is None else dict(sizes)
        self._new: set[str] = set()
        self._dropped: set[str] = set()
        self._of_initial: dict[str, set[str]] = {}

    def begin(self, migration: Migration) -> None:
        """Forget the new tables, except those of earlier initial migrations of the same app."""
        initial = self._of_initial.setdefault(migration.app_label, set())
        self._new = initial if migration.initial else set()
        self._dropped.clear()

    def learn(self, sql: str) -> None:
        """Note which table a statement creates, drops or renames."""
        if not (statement := table_statement(sql)):
            return
        verb, table, new_name = statement
        if verb == "DROP TABLE" and table not in self._new:
            self._dropped.add(table)
        # A table that a migration drops and then creates again was in use.
        is_created = verb.startswith("CREATE") and verb.endswith((" TABLE", " VIEW"))
        if is_created and table not in self._dropped:
            self._new.add(table)
        if new_name and table in self._new:
            self._new.add(new_name)
        if new_name and self.sizes and table in self.sizes:
            self.sizes[new_name] = self.sizes[table]

    def has(self, table: str) -> bool:
        """Return whether code may use `table`. An unknown table, '', counts as used."""
        if not table:
            return True
        return table not in self._new and (self.sizes is None or table in self.sizes)

    def is_small(self, table: str) -> bool:
        """Return whether `table` is small. If its size is unknown, return whether all are small."""
        sizes = self.sizes or {}
        of_table = [sizes[table]] if table in sizes else [*sizes.values()]
        return self.sizes is not None and all(size.total < SMALL for size in of_table)
