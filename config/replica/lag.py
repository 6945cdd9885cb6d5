"""How far a standby is behind, by positions in the write-ahead log and the clock of the primary."""

from collections import deque
from datetime import datetime, timedelta
from decimal import Decimal
from math import inf
from typing import NamedTuple

POSITION = """
SELECT s.system_identifier, d.oid, c.timeline_id, pg_is_in_recovery(), clock_timestamp(),
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
            ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn,
       pg_last_xact_replay_timestamp()
  FROM pg_control_system() AS s, pg_control_checkpoint() AS c, pg_database AS d
 WHERE d.datname = current_database()
"""
"""Every role may ask this. What pg_stat_replication says is hidden from most, and a standby that
has lost the primary takes itself for being up to date."""

OF_ANOTHER = "it is a standby of another server than the primary, such as a copy of it"
INACCURACY = timedelta(seconds=1)
"""How much later than a position a commit before it may seem to be, as clocks are corrected."""


class Position(NamedTuple):
    """How much a server has of the changes to a database."""

    system: int
    database: int
    timeline: int
    """The number of promotions up to the last checkpoint, and one."""
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
        if self.timeline > primary.timeline:
            return OF_ANOTHER
        return ""


class Lag:
    """The time by which a standby is behind, at most.

    It has all changes of a moment whose position it has replayed, and all that were committed
    before the last commit it has replayed. The later of the two moments counts: after an idle time
    the last commit is old, and so it is while a long transaction writes.
    """

    def __init__(self) -> None:
        self._ahead: deque[Position] = deque(maxlen=1_000)
        """What the primary had, of which the standby has not replayed everything."""
        self._replayed: datetime | None = None
        self._reached = Decimal(0)
        self.is_of_another = False
        """Whether the standby has changes that the primary lacks, as that of a copy of it has."""

    def note(self, primary: Position) -> None:
        """Add what the primary has now, before the standby is asked."""
        self.is_of_another = primary.position < self._reached
        if self._ahead and primary.position < self._ahead[-1].position:
            self._ahead.clear()  # another server has become the primary
        self._ahead.append(primary)

    def of(self, replica: Position) -> float:
        """Return the seconds by which `replica` is behind what was noted last."""
        if replica.position < self._reached:
            self._replayed = None  # it was restarted, or another standby is at its address
        self._reached = replica.position
        while self._ahead and self._ahead[0].position <= replica.position:
            self._replayed = self._ahead.popleft().time
        if not self._ahead:
            return 0
        known = [moment for moment in (self._replayed, replica.last_commit) if moment]
        if not known:
            return inf
        # A standby replays changes in their order, so a commit follows all positions before it.
        if replica.last_commit and replica.last_commit > self._ahead[0].time + INACCURACY:
            self.is_of_another = True
        return max(0, (self._ahead[-1].time - max(known)).total_seconds())
