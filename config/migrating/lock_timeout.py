"""No queue behind a lock: who cannot have one soon lets go of all, and tries again after a pause.

ALTER TABLE waits for the table's last reader to end, and all who come later wait behind it. So
`migrate` waits for a short time only, and holds no locks while it pauses.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import Error, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import errors
from psycopg.pq import TransactionStatus

from config.console import driver_error
from config.migrating.blockers import Watch
from config.migrating.migration_lock import MigrationLock

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds
IN_THE_WAY = (errors.LockNotAvailable, errors.DeadlockDetected)
NEEDS_NO_TRANSACTION = (errors.ActiveSqlTransaction, errors.InvalidTransactionTermination)

# Through a pooler only what is set for a transaction is set for us, and for nobody else. Unless
# it is told to look, the server goes on with the statement of a client that was killed, and keeps
# its locks; PostgreSQL for Windows cannot look.
BEGIN = """
    SELECT pg_backend_pid(),
           set_config('lock_timeout', %s, true),
           set_config('tcp_keepalives_idle', '30', true),
           set_config('tcp_keepalives_interval', '10', true),
           set_config('tcp_keepalives_count', '3', true),
           set_config('client_connection_check_interval',
                      CASE current_setting('dynamic_shared_memory_type')
                      WHEN 'windows' THEN '0' ELSE '2s' END, true)
"""


class Patience:
    """Lets the transactions of a connection wait for locks only so long, and retries them.

    It is a wrapper for Django's execute_wrapper().
    """

    def __init__(self, lock: MigrationLock, say: Callable[[str], None]) -> None:
        self.connection, self.progress, self.say = lock.connection, lock.progress, say
        self.seconds: float = settings.MIGRATE_LOCK_TIMEOUT
        self.attempts: int = 1 + settings.MIGRATE_LOCK_RETRIES
        self.watch = Watch(lock)

    def retry[T](self, function: Callable[[], T], *, is_whole: Callable[[], bool]) -> T:
        """What `function` returns, which is called again as long as locks are in its way.

        Raises CommandError after the last attempt, or if what `function` did `is_whole` no more.
        """
        failures, failed = 0, ""
        while True:
            try:
                return function()
            except Error as error:
                if not isinstance(driver_error(error), IN_THE_WAY):
                    raise
                if self.connection.in_atomic_block:  # our caller's, and it is broken now
                    raise
                name = self.progress.name
                failures, failed = (failures + 1 if name == failed else 1), name
                if failures == self.attempts or not is_whole():
                    raise CommandError(self._last_words(error, failures)) from error
                pause = min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE)
                self._pause(error, pause * random.uniform(0.5, 1))  # noqa: S311

    def _pause(self, error: Error, seconds: float) -> None:
        reason, standing = self._reason(error), self.progress.standing
        self.say(f"{reason} {standing} Trying again in {seconds:.1f} s.")
        time.sleep(seconds)

    def _last_words(self, error: Error, attempts: int) -> str:
        tried = "1 attempt" if attempts == 1 else f"{attempts} attempts"
        step = "Run migrate again when there is less going on."
        for blocker in self.watch.blockers[:1]:
            step = (
                "Run migrate again when that session has ended, or end it: "
                f"SELECT pg_terminate_backend({blocker.pid});"
            )
        return f"{self._reason(error)} Gave up after {tried}. {self.progress.standing} {step}"

    def _reason(self, error: Error) -> str:
        if isinstance(driver_error(error), errors.DeadlockDetected):
            return f"{self.progress.name} was in a deadlock with other sessions."
        blockers = self.watch.blockers
        what = f"lock {blockers[0].relation}" if blockers and blockers[0].relation else "get a lock"
        reason = f"{self.progress.name} could not {what} within {self.seconds:g} s"
        match blockers:
            case [blocker]:
                return f"{reason}: {blocker} is in the way."
            case [blocker, *others]:
                return f"{reason}: {blocker} and {len(others)} more are in the way."
        return f"{reason}."

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        def run() -> Any:
            with self.watch.statement():
                return execute(sql, params, many, context)

        if self.connection.connection.info.transaction_status != TransactionStatus.IDLE:
            return run()
        if not self.connection.get_autocommit():
            self._begin()
            return run()
        try:
            return self.retry(lambda: self._in_transaction(run), is_whole=lambda: True)
        except Error as error:
            if not isinstance(driver_error(error), NEEDS_NO_TRANSACTION):
                raise
        # CREATE INDEX CONCURRENTLY and the like, behind which nobody queues. They wait for all
        # transactions to end, for which a lock_timeout would be too short.
        return execute(sql, params, many, context)

    def _in_transaction[T](self, run: Callable[[], T]) -> T:
        with transaction.atomic(using=self.connection.alias):
            self._begin()
            return run()

    def _begin(self) -> None:
        milliseconds = str(round(self.seconds * 1000))
        with self.connection.wrap_database_errors:
            [(pid, *_)] = self.connection.connection.execute(BEGIN, [milliseconds])
        self.watch.begin(pid)


@contextmanager
def lock_timeout(lock: MigrationLock, say: Callable[[str], None]) -> Iterator[Patience]:
    """Have the connection's transactions wait MIGRATE_LOCK_TIMEOUT seconds at most; 0 for ever."""
    patience = Patience(lock, say)
    if not patience.seconds:
        yield patience
        return
    with lock.connection.execute_wrapper(patience), patience.watch.every(patience.seconds / 4):
        yield patience


@contextmanager
def autocommit(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let each atomic() commit, which with AUTOCOMMIT off is left to whoever began; to nobody."""
    if connection.in_atomic_block or connection.get_autocommit():
        yield
        return
    connection.commit()
    connection.set_autocommit(True)
    try:
        yield
    finally:
        connection.set_autocommit(False)
