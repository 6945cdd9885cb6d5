"""Whether the replica is fit to be read: it answers, is a standby of the primary, and keeps up."""

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
from config.replica.lag import OF_ANOTHER, POSITION, Lag, Position
from config.replica.session import has_answered, new_session

ALIAS = "replica"
CHECK_SECONDS = 1
"""How long a replica that has answered is not asked again."""
RETRY_SECONDS = 5
"""How long one that has not is not asked again."""
ASKING_SECONDS = 1
"""How long an answer that is due for replacement is believed while another thread asks."""
PAUSES = (0, 0.05, 0.1, 0.2)
"""Seconds before the replica is asked again, which may just be receiving the last commit."""

logger = logging.getLogger(__name__)


def is_configured() -> bool:
    """Return whether there is a DATABASE_REPLICA_URL."""
    return ALIAS in connections.settings


@dataclass(frozen=True)
class Status:
    """How far the replica is behind, and why it is left out, if it is."""

    lag: float = 0
    problem: str = ""
    answers: bool = True

    @property
    def is_fit(self) -> bool:
        return not self.problem


class Health:
    """What this process knows of the replica.

    One thread asks, at most once in `CHECK_SECONDS`; the others go by the last answer meanwhile.
    If that is too old, because nothing was read for some time, they leave the replica out. While it
    does not answer, it is asked in the background: asking takes two seconds if it hangs.
    """

    def __init__(self) -> None:
        self._status = Status(problem="it has not been asked yet")
        self._due = 0.0
        self._asking = Lock()
        self._is_left_out = False
        self._lag = Lag()

    def status(self) -> Status:
        """Return whether to read the replica, and ask it first if the last answer is too old."""
        now = time.monotonic()
        if now >= self._due and self._asking.acquire(blocking=False):
            self._ask(now)
        elif self._status.is_fit and now > self._due + ASKING_SECONDS:
            return Status(problem="it is just being asked")
        return self._status

    def doubt(self) -> None:
        """Leave the replica out until it has answered, since it has not answered a read."""
        self._status = Status(problem="it has just not answered", answers=False)
        self._due = 0

    def _ask(self, now: float) -> None:
        """Compare the replica with the primary. If that is gone, the last answer holds.

        An export may then go on, and what reads the primary has an error of its own.
        """
        primary = None
        try:
            primary = _position_of_primary()
        finally:
            if not primary:
                self._due = now + CHECK_SECONDS
                self._asking.release()
        if primary and self._status.answers:
            self._ask_replica(primary, now)
        elif primary:
            self._ask_in_background(primary, now)

    def _ask_in_background(self, primary: Position, now: float) -> None:
        try:
            Thread(target=self._ask_replica, args=(primary, now), daemon=True).start()
        except RuntimeError:  # the process may have no more threads for now
            self._due = now + RETRY_SECONDS
            self._asking.release()

    def _ask_replica(self, primary: Position, asked: float) -> None:
        try:
            self._keep(self._answer(primary), asked)
        finally:
            self._asking.release()

    def _answer(self, primary: Position) -> Status:
        try:
            with new_session(connections[ALIAS]) as session:
                return self._compare(primary, session)
        except psycopg.Error as error:
            reason = explain(error) or str(error).partition("\n")[0]
            reason = reason.replace("DATABASE_URL", "DATABASE_REPLICA_URL").rstrip(".")
            failure = "refuses connections" if has_answered(error) else "does not answer"
            return Status(problem=f"it {failure}: {reason}", answers=False)

    def _keep(self, status: Status, asked: float) -> None:
        """Keep the answer; log it if the replica goes or is back."""
        self._status = status
        # What it says is true of the moment when it was asked.
        self._due = asked + CHECK_SECONDS if status.answers else time.monotonic() + RETRY_SECONDS
        if status.is_fit and self._is_left_out:
            logger.warning("The replica is read again: it is %.1f seconds behind.", status.lag)
        elif status.problem and not self._is_left_out:
            logger.warning("The replica is left out, the primary is read: %s.", status.problem)
            _close_pool(connections[ALIAS])
        self._is_left_out = not status.is_fit

    def _compare(self, primary: Position, session: psycopg.Connection[Any]) -> Status:
        allowed = settings.DATABASE_REPLICA_MAX_LAG
        # One that has just caught up might be left out again the next second.
        limit = allowed / 2 if self._is_left_out else allowed
        self._lag.note(primary)
        for pause in PAUSES:
            time.sleep(pause)
            replica = Position(*session.execute(POSITION).fetchone() or ())
            if problem := replica.unlike(primary):
                return Status(problem=problem)
            lag = self._lag.of(replica)
            if self._lag.is_of_another:
                return Status(problem=OF_ANOTHER)
            if lag <= limit:
                return Status(lag)
            if self._is_left_out and lag > limit + CHECK_SECONDS:
                break  # it has missed more than the last commit
        seconds = "an unknown number of" if lag == inf else f"up to {lag:.1f}"
        return Status(lag, f"it is {seconds} seconds behind, and {allowed} are allowed")


def _position_of_primary() -> Position | None:
    """Return what the primary has, or None if it is gone."""
    connection = connections[DEFAULT_DB_ALIAS]
    try:
        with connection.cursor() as cursor:
            cursor.execute(POSITION)
            return Position(*cursor.fetchone())
    except Error as error:
        if connection.in_atomic_block or not is_lost(error):
            raise
        connection.close()  # it would be broken until the request ends
        return None


def _close_pool(connection: Any) -> None:
    """Close the pool, if any, which would log each of its attempts to connect again."""
    connection.close_pool()


HEALTH = Health()
