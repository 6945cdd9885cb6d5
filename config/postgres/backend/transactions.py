"""Transactions without time limits, and their outcome after the connection is lost.

Parameters are set for one transaction, because a pooler may share a session between clients.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import Error, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus

from config.console import is_lost
from config.postgres.queries import read_rows

# A transaction is idle while pg_dump or Python code runs. A role or database may limit this time.
# PostgreSQL has transaction_timeout since version 17.
LASTING = {"idle_in_transaction_session_timeout": "0", "transaction_timeout": "0"}
# Definitions must not depend on the role's settings. Arrays in parameters may contain NULL.
OUTPUT_FORMAT = {"quote_all_identifiers": "off", "array_nulls": "on", "extra_float_digits": "1"}
# PostgreSQL on Windows does not support client_connection_check_interval.
SET_PARAMETERS = """
    SELECT pg_backend_pid(), set_config(name, value, true)
      FROM unnest(%s::text[], %s::text[]) AS wanted (name, value)
     WHERE current_setting(name, true) IS NOT NULL
       AND (name <> 'client_connection_check_interval'
            OR current_setting('dynamic_shared_memory_type') <> 'windows')
"""
PATIENCE, POLL_SECONDS = 10.0, 0.2
"""Seconds to wait for a server that restarts, and between two attempts to reach it."""


def begin(session: psycopg.Connection[Any], settings: Mapping[str, str] | None = None) -> int:
    """Begin a transaction without time limits, set `settings` in it, and return its backend's pid.

    The isolation level is READ COMMITTED, so that a query after a wait for a lock sees the newest
    rows. Parameters that this version of PostgreSQL lacks are ignored.
    """
    # In a transaction of the caller, the isolation level cannot change.
    if session.info.transaction_status == TransactionStatus.IDLE:
        session.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    values = LASTING | OUTPUT_FORMAT | dict(settings or {})
    rows = session.execute(SET_PARAMETERS, [list(values), list(values.values())]).fetchall()
    return int(rows[0][0])


def revive(connection: BaseDatabaseWrapper) -> None:
    """Close an idle connection that the server has ended, so that Django reconnects."""
    if connection.connection and not (connection.in_atomic_block or connection.is_usable()):
        connection.close()


@contextmanager
def autocommit_on(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Turn autocommit on, because with AUTOCOMMIT off in settings atomic() does not commit.

    If the connection is lost, Django opens the next one with the value in the settings.
    """
    if connection.in_atomic_block or connection.get_autocommit():
        yield
        return
    connection.commit()
    connection.set_autocommit(True)
    connection.settings_dict["AUTOCOMMIT"] = True
    try:
        yield
    finally:
        connection.settings_dict["AUTOCOMMIT"] = False
        connection.close()  # it may be lost, so autocommit cannot be turned off again


@contextmanager
def certain_commit(
    connection: BaseDatabaseWrapper, note: Callable[[str], None] = lambda transaction_id: None
) -> Iterator[None]:
    """Open a transaction, and call `note` with its id before its COMMIT.

    If the connection is lost during COMMIT, ask the server, and ignore the error of a committed
    transaction. The transaction runs no statement before the block, so the block can call begin().
    """
    transaction_id = ""
    revive(connection)
    try:
        with autocommit_on(connection), transaction.atomic(using=connection.alias):
            yield
            [(transaction_id,)] = read_rows(connection, "SELECT pg_current_xact_id()::text")
            note(transaction_id)
    except Error as error:
        is_unknown = transaction_id and is_lost(error)
        if not is_unknown or final_status(connection, transaction_id) != "committed":
            raise


def final_status(connection: BaseDatabaseWrapper, transaction_id: str) -> str:
    """Return the status of the transaction. Wait PATIENCE for "committed" or "aborted".

    Each query uses a new session, because the old session may be lost or busy.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        status = _read_status(connection, transaction_id)
        if status in ("committed", "aborted") or time.monotonic() > deadline:
            return status
        time.sleep(POLL_SECONDS)


def _read_status(connection: BaseDatabaseWrapper, transaction_id: str) -> str:
    connection.close()
    try:
        rows = read_rows(connection, "SELECT pg_xact_status(%s::xid8)", [transaction_id])
        return str(rows[0][0])
    except Error:
        return "unknown"
