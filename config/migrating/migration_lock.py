"""One migrator at a time, whatever lies between it and the server.

The lock is an advisory one of a transaction, in a session of its own in which nothing else goes on.
A pooler in transaction mode gives a transaction one connection from its beginning to its end, where
it would hand the lock of a session to somebody else. And PostgreSQL ends the transaction with its
session, so the lock does not outlive its holder: not a kill -9, nor a cut connection.
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
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.migrating.progress import Progress

KEY = int.from_bytes(b"migrate!")
"""Each database has advisory locks of its own, and pg_locks shows this one's key in two halves:
`classid` 1835624306, `objid` 1635018017."""
POLL_SECONDS = 0.2

TAKE = "SELECT pg_try_advisory_xact_lock(%s), set_config('application_name', %s, true)"
# An idle transaction looks forgotten, which servers can be told to end. Without keepalives the
# server would wait two hours for a machine that has lost its power.
KEEP = """
    SELECT set_config(name, value, true)
      FROM (VALUES ('idle_in_transaction_session_timeout', '0'), ('transaction_timeout', '0'),
                   ('lock_timeout', '0'), ('statement_timeout', '0'),
                   ('tcp_keepalives_idle', '30'), ('tcp_keepalives_interval', '10'),
                   ('tcp_keepalives_count', '3')) AS wanted (name, value)
      JOIN pg_settings USING (name)
"""
HOLDER = """
    SELECT concat(nullif(application_name, '') || ', ', 'session ', pid,
                  to_char(xact_start AT TIME ZONE 'UTC', '", since "HH24:MI:SS" UTC"'))
      FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND granted
       AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND (classid::bigint << 32) + objid::bigint = %s AND objsubid = 1
"""


class MigrationLock:
    """The lock while it is held, and the session that holds it."""

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        session: psycopg.Connection[Any],
        progress: Progress,
    ) -> None:
        self.connection, self.session, self.progress = connection, session, progress

    def query(self, sql: LiteralString, parameters: Sequence[object] = ()) -> list[Any]:
        """Rows that `sql` returns beside the connection that migrates.

        Raises psycopg.Error.
        """
        with self.session.transaction(force_rollback=True):  # leaves no other locks behind
            return self.session.execute(sql, parameters).fetchall()

    def check(self) -> None:
        """Raises CommandError if the lock has been lost, so that another migrator may be at work.

        To be called between migrations, and before one is committed.
        """
        try:
            self.session.execute("SELECT")
        except psycopg.Error as error:
            reason = error.diag.message_primary or str(error).partition("\n")[0]
            raise CommandError(
                f"The session that kept other migrators away was lost: {reason.rstrip('.')}. "
                f"{self.progress.standing} Run migrate again."
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction that is committed only if the lock was held all the time."""
        with transaction.atomic(using=self.connection.alias):
            self.check()
            yield
            self.check()


@contextmanager
def hold_migration_lock(
    connection: BaseDatabaseWrapper, progress: Progress, say: Callable[[str], None]
) -> Iterator[MigrationLock]:
    """Hold the lock; wait for another migrator up to MIGRATE_WAIT seconds, and `say` so.

    Raises CommandError if that takes longer, django.db.Error if the database cannot be reached.
    """

    def say_and_hang_up(line: str) -> None:
        say(line)
        if not connection.in_atomic_block:
            connection.close()  # rather than find it cut off when it is our turn

    connection.ensure_connection()  # which looks at the server's version, too
    with connection.wrap_database_errors:
        session = psycopg.connect(**connection.get_connection_params())
    try:
        # A snapshot that lasts would let CREATE INDEX CONCURRENTLY wait for us for ever.
        session.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        with connection.wrap_database_errors:
            _take(session, settings.MIGRATE_WAIT, say_and_hang_up)
            session.execute(KEEP)
        yield MigrationLock(connection, session, progress)
    finally:
        with suppress(psycopg.Error):
            session.rollback()  # closing does it, too, but does not wait until it is done
        session.close()


def _take(session: psycopg.Connection[Any], seconds: float, say: Callable[[str], None]) -> None:
    """Poll, since who waits within a statement holds what CREATE INDEX CONCURRENTLY waits for.

    Between two polls there is no transaction, which would keep a pooler's connection.
    """
    name = f"migrate by pid {os.getpid()} on {socket.gethostname()}"
    deadline = time.monotonic() + seconds
    waits = False
    while not session.execute(TAKE, [KEY, name]).fetchall()[0][0]:
        [(holder,), *_] = session.execute(HOLDER, [KEY]).fetchall() or [("another migrate",)]
        session.rollback()
        if time.monotonic() > deadline:
            raise CommandError(
                f"Waited {seconds:g} seconds for {holder}, which is still at work. Nothing was "
                "changed. Try again later, or set MIGRATE_WAIT to more seconds. If that process "
                "hangs, end it."
            )
        if not waits:
            say(f"Waiting for {holder}.")
            waits = True
        time.sleep(POLL_SECONDS)
