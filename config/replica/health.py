"""The check whether the replica answers, follows the primary, and keeps up."""

import logging
import time
from dataclasses import dataclass
from math import inf
from threading import Lock, Thread
from typing import Any

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections

from config.console import explain, is_lost
from config.deadline import new_session
from config.replica.lag import OTHER_PRIMARY, POSITION, Lag, WalPosition
from config.replica.watch import server_has_answered

ALIAS = "replica"
CHECK_SECONDS = 1
"""Seconds between two checks of a replica that answers."""
RETRY_SECONDS = 5
"""Seconds between two checks of a replica that does not answer."""
GRACE_SECONDS = 1
"""Seconds for which an outdated result is still used while another thread checks the replica."""
PAUSES = (0, 0.05, 0.1, 0.2)
"""Seconds to wait before each query of a check, so that the last commit can reach the replica."""

logger = logging.getLogger(__name__)


def is_configured() -> bool:
    """Return whether DATABASE_REPLICA_URL is set."""
    return ALIAS in connections.settings


@dataclass(frozen=True)
class Status:
    """The result of a check of the replica."""

    lag: float = 0
    """The seconds by which the replica is behind."""
    problem: str = ""
    """The reason why the replica is not used; '' if it is used."""
    answers: bool = True

    @property
    def is_usable(self) -> bool:
        return not self.problem


class Health:
    """The last check of the replica by this process.

    One thread checks the replica, at most once in CHECK_SECONDS. Meanwhile the other threads use
    the last result, or read the primary if this result is too old. A replica that does not answer
    is checked in the background, because a check of a server that hangs takes two seconds.
    """

    def __init__(self) -> None:
        self._status = Status(problem="it has not been checked yet")
        self._next_check = 0.0
        self._checking = Lock()
        self._is_unused = False
        self._lag = Lag()

    def status(self) -> Status:
        """Check the replica if a check is due, and return the last result."""
        now = time.monotonic()
        if now >= self._next_check and self._checking.acquire(blocking=False):
            self._check(now)
        elif self._status.is_usable and now > self._next_check + GRACE_SECONDS:
            return Status(problem="it is being checked")
        return self._status

    def suspend(self) -> None:
        """Stop using the replica after a failed read, until a check succeeds."""
        self._status = Status(problem="it did not answer the last read", answers=False)
        self._next_check = 0

    def _check(self, now: float) -> None:
        """Compare the replica with the primary.

        If the primary is lost, keep the last result, so that exports from the replica continue.
        """
        primary = None
        try:
            primary = _read_primary()
        finally:
            if not primary:
                self._next_check = now + CHECK_SECONDS
                self._checking.release()
        if primary and self._status.answers:
            self._check_replica(primary, now)
        elif primary:
            self._check_in_background(primary, now)

    def _check_in_background(self, primary: WalPosition, now: float) -> None:
        try:
            Thread(target=self._check_replica, args=(primary, now), daemon=True).start()
        except RuntimeError:  # the process cannot start another thread for now
            self._next_check = now + RETRY_SECONDS
            self._checking.release()

    def _check_replica(self, primary: WalPosition, now: float) -> None:
        try:
            self._store(self._read_status(primary), now)
        finally:
            self._checking.release()

    def _read_status(self, primary: WalPosition) -> Status:
        try:
            with new_session(connections[ALIAS]) as session:
                return self._compare(primary, session)
        except psycopg.Error as error:
            reason = explain(error) or str(error).partition("\n")[0]
            reason = reason.replace("DATABASE_URL", "DATABASE_REPLICA_URL").rstrip(".")
            failure = "refuses connections" if server_has_answered(error) else "does not answer"
            return Status(problem=f"it {failure}: {reason}", answers=False)

    def _store(self, status: Status, checked: float) -> None:
        """Store the result, and log a message if the replica becomes usable or unusable."""
        self._status = status
        next_check = checked + CHECK_SECONDS  # the result is as old as the beginning of the check
        self._next_check = next_check if status.answers else time.monotonic() + RETRY_SECONDS
        if status.is_usable and self._is_unused:
            logger.warning("The replica is used again: it is %.1f seconds behind.", status.lag)
        elif status.problem and not self._is_unused:
            logger.warning("Reads go to the primary, not to the replica: %s.", status.problem)
            replica: Any = connections[ALIAS]
            replica.close_pool()  # otherwise a pool logs each failed attempt to connect
        self._is_unused = not status.is_usable

    def _compare(self, primary: WalPosition, session: psycopg.Connection[Any]) -> Status:
        allowed = settings.DATABASE_REPLICA_MAX_LAG
        # Use the replica again only if it is well within the limit, so that it stays usable.
        limit = allowed / 2 if self._is_unused else allowed
        self._lag.add_primary(primary)
        for pause in PAUSES:
            time.sleep(pause)
            replica = WalPosition(*session.execute(POSITION).fetchone() or ())
            if problem := replica.mismatch(primary):
                return Status(problem=problem)
            lag = self._lag.seconds(replica)
            if self._lag.has_other_primary:
                return Status(problem=OTHER_PRIMARY)
            if lag <= limit:
                return Status(lag)
            if self._is_unused and lag > limit + CHECK_SECONDS:
                break  # the replica lacks more than the last commit
        seconds = "an unknown number of" if lag == inf else f"up to {lag:.1f}"
        return Status(lag, f"it is {seconds} seconds behind, and {allowed} are allowed")


def _read_primary() -> WalPosition | None:
    """Return the position of the primary, or None if the connection to it is lost."""
    connection = connections[DEFAULT_DB_ALIAS]
    try:
        with connection.cursor() as cursor:
            cursor.execute(POSITION)
            return WalPosition(*cursor.fetchone())
    except Error as error:
        if connection.in_atomic_block or not is_lost(error):
            raise
        connection.close()  # otherwise the broken connection stays in use until the request ends
        return None


HEALTH = Health()
