"""The sessions that block a statement that waits for a lock."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread

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
    """A session that holds a conflicting lock, or is ahead in the queue for one."""

    relation: str | None
    """The locked relation; None if the statement waits for a row or the end of a transaction."""
    pid: int
    description: str

    def __str__(self) -> str:
        return f"session {self.pid} ({self.description or 'of another role'})"


class BlockerWatch:
    """A thread that reads the blockers while a statement waits. Afterwards, they are unknown."""

    def __init__(self, lock: MigrationLock) -> None:
        self.lock = lock
        self.blockers: list[Blocker] = []
        """The blockers of the last statement of the transaction that had to wait."""
        self._looking = Lock()
        self._pid = 0
        self._began = math.inf
        """The time when the statement began; infinity between two statements, so that it is always
        a number, which the thread may read at any time."""

    @contextmanager
    def running(self, interval: float) -> Iterator[None]:
        """Read the blockers every `interval` seconds if a statement takes longer than that."""
        ended = Event()

        def watch() -> None:
            while not ended.wait(interval):
                with self._looking:
                    if time.monotonic() - self._began > interval:
                        self._look()

        thread = Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _look(self) -> None:
        with suppress(psycopg.Error):  # MigrationLock.check() reports a lost session
            rows = self.lock.query(BLOCKERS, [self._pid])
            self.blockers = [Blocker(*row) for row in rows] or self.blockers

    def begin(self, pid: int) -> None:
        """Forget the blockers, because a new transaction begins in the backend `pid`."""
        self._pid, self.blockers = pid, []

    @contextmanager
    def statement(self) -> Iterator[None]:
        """Watch one statement of the transaction."""
        self._began = time.monotonic()
        try:
            yield
        finally:
            self._began = math.inf
            with self._looking:  # wait for a look that has begun, since it is for this statement
                pass
