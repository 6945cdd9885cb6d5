"""The lock that lets one migrate or rollback run at a time, also through a pooler.

A separate session holds a transaction-level advisory lock. A pooler in transaction mode keeps a
transaction on one connection, but gives a session-level lock to the next client. PostgreSQL ends
the transaction with the session, so the lock is released even if the process is killed or loses the
connection.
"""

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, LiteralString

import psycopg
from django.conf import settings
from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper

from config.migrating.progress import Progress
from config.postgres.backend import begin, certain_commit

KEY = int.from_bytes(b"migrate!")
"""The key of the advisory lock. The lock applies to one database.

pg_locks shows the key in two halves: `classid` 1835624306, `objid` 1635018017.
"""
POLL_SECONDS = 0.2

TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%s), set_config('application_name', %s, true)"
# Without keepalives, the server keeps the lock for two hours after the client loses power.
KEEPALIVES = {
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
LOCK_SETTINGS = KEEPALIVES | {"lock_timeout": "0", "statement_timeout": "0"}
HOLDER = """
    SELECT concat(nullif(application_name, '') || ', ', 'session ', pid,
                  to_char(xact_start AT TIME ZONE 'UTC', '", since "HH24:MI:SS" UTC"'))
      FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND granted
       AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND (classid::bigint << 32) + objid::bigint = %s AND objsubid = 1
"""


class MigrationLock:
    """The migration lock, and the session that holds the lock."""

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        session: psycopg.Connection[Any],
        progress: Progress,
    ) -> None:
        self.connection, self.session, self.progress = connection, session, progress
        self._loss: psycopg.Error | None = None
        """The error of query() that showed the loss of the session."""

    def query(self, sql: LiteralString, parameters: Sequence[object] = ()) -> list[Any]:
        """Return the rows of a query in the session of the lock.

        Raise psycopg.Error if the session is lost.
        """
        try:
            with self.session.transaction(force_rollback=True):  # releases the locks of the query
                # Within a transaction, pg_stat_activity repeats the result of the first query.
                self.session.execute("SELECT pg_stat_clear_snapshot()")
                return self.session.execute(sql, parameters).fetchall()
        except psycopg.Error as error:
            if self.session.closed:
                self._loss = self._loss or error
            raise

    def check(self) -> None:
        """Raise CommandError if the lock is lost. Another migrate may then be running.

        Call this method between migrations, and before each commit.
        """
        try:
            self.session.execute("SELECT")
        except psycopg.Error as error:
            first = self._loss or error
            reason = first.diag.message_primary or str(first).partition("\n")[0]
            raise CommandError(
                f"The session that holds the migration lock was lost: {reason.rstrip('.')}. "
                f"{self.progress.standing} Run {self.progress.again} again."
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Open a transaction that is committed only if the lock is still held at the end."""
        self.progress.transaction = ""
        with certain_commit(self.connection, self.progress.begin_commit):
            self.check()
            yield
            self.check()


@contextmanager
def hold_migration_lock(
    connection: BaseDatabaseWrapper, progress: Progress, say: Callable[[str], None]
) -> Iterator[MigrationLock]:
    """Hold the lock. Wait up to MIGRATE_WAIT seconds for the session that holds it now.

    Call `say` with a line that names the other session.
    Raise CommandError after MIGRATE_WAIT seconds, or django.db.Error if the database cannot be
    reached.
    """

    def say_and_disconnect(line: str) -> None:
        say(line)
        if not connection.in_atomic_block:
            connection.close()  # the server may end an idle session

    connection.ensure_connection()  # also checks the version of the server
    with connection.wrap_database_errors:
        session = psycopg.connect(**connection.get_connection_params())
    try:
        with connection.wrap_database_errors:
            _wait_for_lock(session, progress.command, say_and_disconnect)
        yield MigrationLock(connection, session, progress)
    finally:
        with suppress(psycopg.Error):
            session.rollback()  # returns when the lock is released; close() does not wait
        session.close()


def _wait_for_lock(
    session: psycopg.Connection[Any], command: str, say: Callable[[str], None]
) -> None:
    """Poll until the lock is free, and take it.

    A waiting statement blocks CREATE INDEX CONCURRENTLY in the other process. No transaction is
    open between attempts, because an open transaction occupies a connection of a pooler.
    """
    name = f"{command} by pid {os.getpid()} on {socket.gethostname()}"
    seconds = settings.MIGRATE_WAIT
    deadline = time.monotonic() + seconds
    has_said = False
    while not _try_lock(session, name):
        [(holder,), *_] = session.execute(HOLDER, [KEY]).fetchall() or [("another migrate",)]
        session.rollback()
        if time.monotonic() > deadline:
            raise CommandError(
                f"Waited {seconds:g} seconds for {holder}, which is still running. Nothing was "
                "changed. Try again later, or set MIGRATE_WAIT to more seconds. If that process "
                "hangs, end it."
            )
        if not has_said:
            say(f"Waiting for {holder}.")
            has_said = True
        time.sleep(POLL_SECONDS)


def _try_lock(session: psycopg.Connection[Any], name: str) -> bool:
    begin(session, LOCK_SETTINGS)
    [(taken, _)] = session.execute(TRY_LOCK, [KEY, name]).fetchall()
    return bool(taken)
