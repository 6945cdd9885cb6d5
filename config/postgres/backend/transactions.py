"""Transactions that last as long as they need, and whose end is certain.

A pooler keeps only what is set for a transaction apart from other clients.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import Error, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus

from config.console import is_lost

# A transaction is idle while pg_dump runs or Python thinks, and roles and databases can be told to
# end such transactions. PostgreSQL has transaction_timeout since version 17.
LASTING = {"idle_in_transaction_session_timeout": "0", "transaction_timeout": "0"}
# Definitions are compared as text, and arrays of parameters may hold NULL.
AS_EXPECTED = {"quote_all_identifiers": "off", "array_nulls": "on", "extra_float_digits": "1"}
# PostgreSQL for Windows does not check the connection.
SET = """
    SELECT pg_backend_pid(), set_config(name, value, true)
      FROM unnest(%s::text[], %s::text[]) AS wanted (name, value)
     WHERE current_setting(name, true) IS NOT NULL
       AND (name <> 'client_connection_check_interval'
            OR current_setting('dynamic_shared_memory_type') <> 'windows')
"""
PATIENCE, POLL_SECONDS = 10.0, 0.2
"""How long a server that restarts is waited for, to ask it how a transaction ended."""


def begin(session: psycopg.Connection[Any], settings: Mapping[str, str] | None = None) -> int:
    """Begin a transaction that lasts, with these parameters; return the pid of its backend.

    What is read in it after waiting for a lock is as of then, not as of the first statement.
    Parameters that this version of PostgreSQL lacks are left out.
    """
    if session.info.transaction_status == TransactionStatus.IDLE:  # not in a caller's transaction
        session.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    values = LASTING | AS_EXPECTED | dict(settings or {})
    rows = session.execute(SET, [list(values), list(values.values())]).fetchall()
    return int(rows[0][0])


def revive(connection: BaseDatabaseWrapper) -> None:
    """Close the connection if the server has ended it while it was idle; Django opens another."""
    if connection.connection and not (connection.in_atomic_block or connection.is_usable()):
        connection.close()


@contextmanager
def certain_commit(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Open a transaction. If the connection is lost during COMMIT, ask the database how it ended.

    Raise the error of COMMIT unless the transaction was committed.
    """
    number = None
    revive(connection)
    try:
        with transaction.atomic(using=connection.alias):
            yield
            number = _number(connection)
    except Error as error:
        if not (number and is_lost(error) and _is_committed(connection, number)):
            raise


def _number(connection: BaseDatabaseWrapper) -> str | None:
    """Return the number of the transaction, or None if it has written nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id_if_assigned()::text")
        number: str | None = cursor.fetchone()[0]
        return number


def _is_committed(connection: BaseDatabaseWrapper, number: str) -> bool:
    """Ask in a new session, until the old one has ended; return False if there is no answer."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        status = transaction_status(connection, number)
        if status in ("committed", "aborted"):
            return bool(status == "committed")
        time.sleep(POLL_SECONDS)
    return False


def transaction_status(connection: BaseDatabaseWrapper, number: str) -> str:
    """Ask a new session whether a transaction is committed, aborted or in progress, else unknown.

    The old session may be lost, or still be running a statement.
    """
    connection.close()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_xact_status(%s::xid8)", [number])
            return str(cursor.fetchone()[0])
    except Error:
        return "unknown"
