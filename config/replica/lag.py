"""How far a standby is behind, by positions in the write-ahead log and the clock of the primary."""

from collections import deque
from datetime import datetime
from decimal import Decimal
from math import inf
from typing import NamedTuple

POSITION = """
SELECT c.system_identifier, d.oid, pg_is_in_recovery(), clock_timestamp(),
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
            ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn,
       pg_last_xact_replay_timestamp()
  FROM pg_control_system() AS c, pg_database AS d WHERE d.datname = current_database()
"""
"""Every role may ask this. What pg_stat_replication says is hidden from most, and a standby that
has lost the primary takes itself for being up to date."""


class Position(NamedTuple):
    """How much a server has of the changes to a database."""

    system: int
    database: int
    is_standby: bool
    time: datetime
    position: Decimal
    """The bytes of the write-ahead log that the primary has written, or the standby replayed."""
    last_commit: datetime | None
    """When the last transaction was committed that the standby has replayed."""

    def unlike(self, primary: "Position") -> str:
        """Return why this is no replica of the primary, or an empty text."""
        if (self.system, self.database) != (primary.system, primary.database):
            return "it has another database than the primary"
        if not self.is_standby:
            return "it is no standby, but takes writes itself"
        return ""


class Lag:
    """The time by which a standby is behind, at most.

    It has all changes of a moment whose position it has replayed, and all that were committed
    before the last commit it has replayed. The later of the two moments counts: after an idle time
    the last commit is old, and so it is while a long transaction writes.
    """

    def __init__(self) -> None:
        self._ahead: deque[Position] = deque(maxlen=1_000)
        self._replayed: datetime | None = None

    def between(self, primary: Position, replica: Position) -> float:
        """Return the seconds by which `replica` is behind `primary`, which was asked before it."""
        if not self._ahead or self._ahead[-1] != primary:
            self._ahead.append(primary)
        while self._ahead and self._ahead[0].position <= replica.position:
            self._replayed = self._ahead.popleft().time
        if not self._ahead:
            return 0
        known = [moment for moment in (self._replayed, replica.last_commit) if moment]
        if not known:
            return inf
        return max(0, (primary.time - max(known)).total_seconds())
