"""Who is in the way of a statement that waits for a lock."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread

import psycopg

from config.migrating.migration_lock import MigrationLock

BLOCKERS = r"""
    SELECT relation::regclass::text, blocker.pid,
           concat_ws(', ', nullif(application_name, ''),
                     state || to_char(extract(epoch FROM clock_timestamp() - xact_start),
                                      '" for "FM999999990" s"'),
                     nullif(left(regexp_replace(query, '\s+', ' ', 'g'), 60), ''))
      FROM pg_locks AS waiting
      JOIN pg_stat_activity AS blocker ON blocker.pid = ANY (pg_blocking_pids(waiting.pid))
     WHERE waiting.pid = %s AND NOT granted
     ORDER BY xact_start
"""


@dataclass(frozen=True)
class Blocker:
    """A session that has, or is before us in the queue for, a lock that conflicts with ours."""

    relation: str | None
    """What is locked; None if it is a row, or what another transaction is yet to commit."""
    pid: int
    description: str

    def __str__(self) -> str:
        return f"session {self.pid} ({self.description or 'of another role'})"


class Watch:
    """Looks at what a statement waits for while it does: afterwards PostgreSQL cannot tell."""

    def __init__(self, lock: MigrationLock) -> None:
        self.lock = lock
        self.blockers: list[Blocker] = []
        """Of the last statement that had to wait."""
        self._pid = 0
        self._since: float | None = None

    @contextmanager
    def every(self, seconds: float) -> Iterator[None]:
        """Look, in a thread, after statements that take longer than `seconds`."""
        ended = Event()

        def look() -> None:
            while not ended.wait(seconds):
                if self._since and time.monotonic() - self._since > seconds:
                    with suppress(psycopg.Error):  # whether the lock is lost is asked elsewhere
                        rows = self.lock.query(BLOCKERS, [self._pid])
                        self.blockers = [Blocker(*row) for row in rows] or self.blockers

        thread = Thread(target=look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def begin(self, pid: int) -> None:
        """Expect a transaction of the backend `pid`."""
        self._pid, self.blockers = pid, []

    @contextmanager
    def statement(self) -> Iterator[None]:
        """One of that transaction's."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._since = None
