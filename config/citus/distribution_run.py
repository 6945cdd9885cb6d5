"""The steps of distribute and distribute --undo. Each step is committed before the next one.

A table is skipped if an interrupted run has already placed it or taken it back.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from django.core.management.base import CommandError
from django.db import Error, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.citus.comments import kept_comments
from config.citus.distribution_plan import (
    DistributionPlan,
    comment_statements,
    drop_statements,
    key_statements,
    read_layout_to_undo,
)
from config.console import counted, driver_error, is_server_lost
from config.migrating import LockWaits
from config.postgres.catalog import quote
from config.postgres.citus import (
    MODE,
    SEQUENTIAL,
    declared_layout,
    free,
    place,
    read_layout,
    release,
    take_back,
)

type Say = Callable[[str], None]


class DistributionRun:
    """A run of the command. `waits` retries a step while another session holds a lock."""

    def __init__(self, connection: BaseDatabaseWrapper, waits: LockWaits, say: Say) -> None:
        self.connection, self.waits, self.say = connection, waits, say

    def distribute(self, plan: DistributionPlan) -> None:
        """Change the keys, place each table, and set the parameter that sessions need."""
        if plan.keys:
            self._step(counted(len(plan.keys), "key"), partial(self._change_keys, plan), "changed")
        if plan.dropped:
            drops = partial(self._execute, *drop_statements(plan.dropped))
            self._step(
                counted(len(plan.dropped), "foreign key"),
                drops,
                "dropped until the tables are placed",
            )
        for table in plan.layout:
            self._step(f"table {table}", partial(self._place, plan, table), "placed")
        self._set(f"SET {SEQUENTIAL}")

    def _change_keys(self, plan: DistributionPlan) -> None:
        with transaction.atomic(using=self.connection.alias):
            # kept_comments() cannot restore the comment of a key that is not added again.
            self._execute(*comment_statements(plan.lost))
            with kept_comments(self.connection, plan.schema):
                self._execute(*key_statements(plan.keys))

    def _place(self, plan: DistributionPlan, table: str) -> None:
        placed = read_layout(self.connection, plan.schema)
        if table in placed:
            return
        layout = declared_layout()
        others = {other: layout[other] for other in placed if other in layout}
        with kept_comments(self.connection, plan.schema):
            self._execute(place(table, layout[table], others), free(table))

    def take_back(self, plan: DistributionPlan) -> None:
        """Take all tables back to the coordinator."""
        for table in plan.layout:
            if table in read_layout_to_undo(self.connection, plan.schema):
                done = "taken back, with the tables that foreign keys connect to it"
                self._step(f"table {table}", partial(self._take_back, plan, table), done)
        self._set(f"RESET {MODE}")

    def _take_back(self, plan: DistributionPlan, table: str) -> None:
        with kept_comments(self.connection, plan.schema):
            self._execute(release(take_back(table)))

    def restore_keys(self, statements: list[str], done: str) -> None:
        """Run the statements that repair the keys, as one transaction."""

        def restore() -> None:
            with transaction.atomic(using=self.connection.alias):
                self._execute(*statements)

        if statements:
            self._step("keys", restore, done)

    def _step(self, subject: str, action: Callable[[], None], done: str) -> None:
        with self._explained(subject):
            self.waits.retry(action)
        self.waits.progress.commit()
        self.say(f"  {subject} {done}")

    def _set(self, action: str) -> None:
        database = self.connection.settings_dict["NAME"]
        with self._explained(f"database {database}"):
            self._execute(f"ALTER DATABASE {quote(database)} {action}")

    def _execute(self, *statements: str) -> None:
        with self.connection.cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)

    @contextmanager
    def _explained(self, subject: str) -> Iterator[None]:
        """Raise CommandError with the server's message if the server refuses a statement."""
        try:
            yield
        except Error as error:
            cause = driver_error(error)
            if cause is None or is_server_lost(error):
                raise
            words = [cause.diag.message_primary, cause.diag.message_detail, cause.diag.message_hint]
            reason = " ".join(f"{word.rstrip('.')}." for word in words if word)
            raise CommandError(
                f"Could not continue at {subject}: {' '.join(reason.split())} "
                f"{self.waits.progress.standing} Run {self.waits.progress.again} again."
            ) from error
