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
    """A session that holds a conflicting lock, or waits for one in front of the statement."""

    relation: str | None
    """The locked relation, or None if the statement waits for a row or a transaction."""
    pid: int
    description: str

    def __str__(self) -> str:
        return f"session {self.pid} ({self.description or 'of another role'})"


class BlockerWatch:
    """A thread that reads the blockers during a statement, because they are unknown afterwards."""

    def __init__(self, lock: MigrationLock) -> None:
        self.lock = lock
        self.blockers: list[Blocker] = []
        """The blockers of the last waiting statement of the transaction."""
        self._reading = Lock()
        self._pid = 0
        self._start = math.inf
        """The start of the statement. Infinity between statements keeps the thread from reading."""

    @contextmanager
    def running(self, interval: float) -> Iterator[None]:
        """Read the blockers every `interval` seconds while a statement takes longer than that."""
        ended = Event()

        def watch() -> None:
            while not ended.wait(interval):
                with self._reading:
                    if time.monotonic() - self._start > interval:
                        self._read()

        thread = Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _read(self) -> None:
        with suppress(psycopg.Error):  # MigrationLock.check() reports a lost session
            rows = self.lock.query(BLOCKERS, [self._pid])
            self.blockers = [Blocker(*row) for row in rows] or self.blockers

    def begin(self, pid: int) -> None:
        """Forget the blockers, because a new transaction begins in the backend `pid`."""
        self._pid, self.blockers = pid, []

    @contextmanager
    def statement(self) -> Iterator[None]:
        """Watch one statement of the transaction."""
        self._start = time.monotonic()
        try:
            yield
        finally:
            self._start = math.inf
            with self._reading:  # wait for a reading in progress, which is for this statement
                pass
