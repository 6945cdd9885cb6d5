"""Brief waits for locks, with retries after a pause.

ALTER TABLE waits for the last reader of its table, and all later queries of the table wait for
ALTER TABLE. So `migrate` and `rollback` wait only briefly for a lock, and hold no lock during a
pause.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import Error, transaction
from psycopg import errors
from psycopg.pq import TransactionStatus

from config.console import counted, driver_error
from config.migrating.blockers import BlockerWatch
from config.migrating.migration_lock import KEEPALIVES, MigrationLock
from config.postgres.backend import begin, revive
from config.postgres.citus import MODE

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds
DOUBLINGS = 10  # the maximum, because a thousand doublings overflow a float
LOCK_ERRORS = (errors.LockNotAvailable, errors.DeadlockDetected)
TRANSACTION_ERRORS = (errors.ActiveSqlTransaction, errors.InvalidTransactionTermination)

# Without this check, the server continues the statement of a killed client, and keeps its locks.
CLIENT_CHECKS = KEEPALIVES | {"client_connection_check_interval": "2s"}
# Citus needs this setting. `distribute` sets it for a database; a copy of the database lacks it.
SEQUENTIAL_MODE = {MODE: "sequential"}


class LockWaits:
    """A wrapper for Django's execute_wrapper() that limits the waits for locks, and retries."""

    def __init__(self, lock: MigrationLock, say: Callable[[str], None]) -> None:
        self.lock, self.say = lock, say
        self.connection, self.progress = lock.connection, lock.progress
        self.seconds: float = settings.MIGRATE_LOCK_TIMEOUT
        self.attempts: int = 1 + settings.MIGRATE_LOCK_RETRIES
        self.watch = BlockerWatch(lock)

    def retry[T](
        self, function: Callable[[], T], *, may_retry: Callable[[], bool] = lambda: True
    ) -> T:
        """Call `function` until it gets its locks within the time limit, and return its result.

        Raise CommandError after the last attempt, or if `may_retry` returns False because a part of
        the work is committed.
        """
        failures, failed = 0, ""
        while True:
            try:
                return function()
            except Error as error:
                if not isinstance(driver_error(error), LOCK_ERRORS):
                    raise
                if self.connection.in_atomic_block:  # the caller's transaction is aborted
                    raise
                name = self.progress.name
                failures, failed = (failures + 1 if name == failed else 1), name
                if failures == self.attempts or not may_retry():
                    raise CommandError(self._final_message(error, failures)) from error
                self._pause(error, pause_after(failures) * random.uniform(0.5, 1))  # noqa: S311

    def _pause(self, error: Error, seconds: float) -> None:
        reason, standing = self._describe(error), self.progress.standing
        self.say(f"{reason} {standing} Trying again in {seconds:.1f} s.")
        time.sleep(seconds)
        revive(self.connection)

    def _final_message(self, error: Error, attempts: int) -> str:
        command = self.progress.again
        step = f"Run {command} again when there is less traffic."
        for blocker in self.watch.blockers[:1]:
            step = (
                f"Run {command} again when that session has ended, or end it: "
                f"SELECT pg_terminate_backend({blocker.pid});"
            )
        tried = counted(attempts, "attempt")
        return f"{self._describe(error)} Gave up after {tried}. {self.progress.standing} {step}"

    def _describe(self, error: Error) -> str:
        if isinstance(driver_error(error), errors.DeadlockDetected):
            return f"{self.progress.name} was in a deadlock with other sessions."
        blockers = self.watch.blockers
        what = f"lock {blockers[0].relation}" if blockers and blockers[0].relation else "get a lock"
        reason = f"{self.progress.name} could not {what} within {self.seconds:g} s"
        if not blockers:
            return f"{reason}."
        are = "is" if len(blockers) == 1 else f"and {len(blockers) - 1} more are"
        return f"{reason}: {blockers[0]} {are} in the way."

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        def run() -> Any:
            with self.watch.statement():
                return execute(*arguments)

        if self.connection.connection.info.transaction_status != TransactionStatus.IDLE:
            return run()
        if not self.connection.get_autocommit():
            self._begin()
            return run()
        if not self.seconds:
            return run()
        try:
            return self.retry(lambda: self._in_transaction(run))
        except Error as error:
            if not isinstance(driver_error(error), TRANSACTION_ERRORS):
                raise
        # No lock_timeout for statements that refuse a transaction: CREATE INDEX CONCURRENTLY waits
        # until all transactions have ended, and no query waits for it.
        return execute(*arguments)

    def _in_transaction[T](self, run: Callable[[], T]) -> T:
        with transaction.atomic(using=self.connection.alias):
            self._begin()
            return run()

    def _begin(self) -> None:
        limit = {"lock_timeout": str(round(self.seconds * 1000))} if self.seconds else {}
        with self.connection.wrap_database_errors:
            self.watch.begin(
                begin(self.connection.connection, CLIENT_CHECKS | SEQUENTIAL_MODE | limit)
            )


@contextmanager
def brief_lock_waits(lock: MigrationLock, say: Callable[[str], None]) -> Iterator[LockWaits]:
    """Limit the waits for locks to MIGRATE_LOCK_TIMEOUT seconds.

    The value 0 means the lock_timeout of the server.
    """
    waits = LockWaits(lock, say)
    watching = waits.watch.running(waits.seconds / 10) if waits.seconds else nullcontext()
    with lock.connection.execute_wrapper(waits), watching:
        yield waits


def pause_after(failures: int) -> float:
    """Return the seconds of the next pause. Each failure doubles the pause, up to a limit."""
    return min(FIRST_PAUSE * (1 << min(failures - 1, DOUBLINGS)), LONGEST_PAUSE)
