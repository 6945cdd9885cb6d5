"""The sessions that block a statement which waits for a lock."""

import math
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
                     nullif(left(regexp_replace(query, '[[:space:]]+', ' ', 'g'), 60), ''))
      FROM pg_locks AS waiting
      JOIN pg_stat_activity AS blocker ON blocker.pid = ANY (pg_blocking_pids(waiting.pid))
     WHERE waiting.pid = %s AND NOT granted
     ORDER BY xact_start
"""


@dataclass(frozen=True)
class Blocker:
    """A session that holds, or is ahead in the queue for, a lock that conflicts with ours."""

    relation: str | None
    """The relation that is locked; None for a row, or for the end of another transaction."""
    pid: int
    description: str

    def __str__(self) -> str:
        return f"session {self.pid} ({self.description or 'of another role'})"


class Watch:
    """A look at what blocks a statement while it waits: afterwards PostgreSQL cannot tell."""

    def __init__(self, lock: MigrationLock) -> None:
        self.lock = lock
        self.blockers: list[Blocker] = []
        """The blockers of the last statement that had to wait."""
        self._pid = 0
        self._began = math.inf
        """When the statement began; inf, which no clock reaches, between two statements. It is a
        number at any time, as the thread may read it at any time."""

    @contextmanager
    def every(self, seconds: float) -> Iterator[None]:
        """Look, in a thread, every so many seconds, once a statement takes longer than that."""
        ended = Event()

        def look() -> None:
            while not ended.wait(seconds):
                if time.monotonic() - self._began > seconds:
                    with suppress(psycopg.Error):  # MigrationLock.check() reports a lost session
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
        """Expect the statements of a new transaction, in the backend `pid`."""
        self._pid, self.blockers = pid, []

    @contextmanager
    def statement(self) -> Iterator[None]:
        """Watch one statement of that transaction."""
        self._began = time.monotonic()
        try:
            yield
        finally:
            self._began = math.inf
