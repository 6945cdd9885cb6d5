"""The tables that running code may be using while a plan of migrations runs."""

from django.db.migrations import Migration

from config.hazards.statements import created_table, dropped_table, renamed_table
from config.hazards.table_sizes import TableSizes


class TablesInUse:
    """The tables that are neither new nor unknown, and their sizes.

    Without `sizes`, every table that the plan does not create counts as big and in use.
    """

    def __init__(self, sizes: TableSizes | None) -> None:
        self.sizes = None if sizes is None else dict(sizes)
        self._new: set[str] = set()
        self._dropped: set[str] = set()
        self._of_initial: dict[str, set[str]] = {}

    def begin(self, migration: Migration) -> None:
        """Forget which tables are new, except between the initial migrations of one app."""
        initial = self._of_initial.setdefault(migration.app_label, set())
        self._new = initial if migration.initial else set()
        self._dropped.clear()

    def learn(self, sql: str) -> None:
        """Note which table a statement creates, drops or renames."""
        dropped, created = dropped_table(sql), created_table(sql)
        if dropped and dropped not in self._new:
            self._dropped.add(dropped)
        # A table that a migration drops and then creates again was in use.
        if created and created not in self._dropped:
            self._new.add(created)
        if renamed := renamed_table(sql):
            if renamed.old in self._new:
                self._new.add(renamed.new)
            if self.sizes and renamed.old in self.sizes:
                self.sizes[renamed.new] = self.sizes[renamed.old]

    def has(self, table: str) -> bool:
        """Return whether code may use `table`; '' stands for a table that is not known."""
        if not table or table in self._new:
            return not table
        return self.sizes is None or table in self.sizes

    def is_small(self, table: str) -> bool:
        """Return whether `table` is small; '' stands for any table, so that all have to be."""
        sizes = self.sizes or {}
        of_table = [sizes[table]] if table in sizes else [*sizes.values()]
        return self.sizes is not None and all(size.is_small for size in of_table)
