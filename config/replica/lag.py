"""The lag of a standby, from positions in the write-ahead log and the clock of the primary."""

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
"""A query that every role may run. pg_stat_replication is hidden from most roles, and a standby
that has lost its primary reports no lag."""

OTHER_PRIMARY = "it follows a server other than the primary, such as a copy of the primary"
CLOCK_ERROR = timedelta(seconds=1)
"""The time by which a clock may have been set back between a commit and a later position."""


class WalPosition(NamedTuple):
    """The position of a server in the write-ahead log."""

    system: int
    database: int
    timeline: int
    """The timeline of the last checkpoint. Each promotion begins a new timeline."""
    is_standby: bool
    time: datetime
    position: Decimal
    """The number of bytes of the log that the primary has written, or the standby has replayed."""
    last_commit: datetime | None
    """The time of the last commit that the standby has replayed."""

    def mismatch(self, primary: "WalPosition") -> str:
        """Return the reason why this server does not follow the primary, or '' if there is none."""
        if (self.system, self.database) != (primary.system, primary.database):
            return "it has another database than the primary"
        if not self.is_standby:
            return "it is not a standby, because it accepts writes"
        if self.timeline > primary.timeline:
            return OTHER_PRIMARY
        return ""


class Lag:
    """The longest time by which a standby can be behind the primary.

    The standby has all changes up to the time of a position that it has replayed, and up to the
    last commit that it has replayed. The later of these times counts, because the last commit is
    old if the primary was idle, or while a long transaction writes.
    """

    def __init__(self) -> None:
        self._ahead: deque[WalPosition] = deque(maxlen=1_000)
        """The positions of the primary that the standby has not replayed yet."""
        self._replayed: datetime | None = None
        """The time of the last position of the primary that the standby has replayed."""
        self._reached = Decimal(0)
        """The last position of the standby."""
        self.has_other_primary = False
        """True if the standby has changes that the primary lacks, so it follows another server."""

    def add_primary(self, primary: WalPosition) -> None:
        """Add the position of the primary. Call this before reading the position of the standby."""
        self.has_other_primary = primary.position < self._reached
        if self._ahead and primary.position < self._ahead[-1].position:
            self._ahead.clear()  # another server has become the primary
        self._ahead.append(primary)

    def seconds(self, replica: WalPosition) -> float:
        """Return the seconds by which `replica` is behind the last position of the primary."""
        if replica.position < self._reached:
            self._replayed = None  # the standby was restarted, or was replaced by another one
        self._reached = replica.position
        while self._ahead and self._ahead[0].position <= replica.position:
            self._replayed = self._ahead.popleft().time
        if not self._ahead:
            return 0
        known_times = [time for time in (self._replayed, replica.last_commit) if time]
        if not known_times:
            return inf
        # A standby replays changes in order, so it has replayed all positions before a commit.
        if replica.last_commit and replica.last_commit > self._ahead[0].time + CLOCK_ERROR:
            self.has_other_primary = True
        return max(0, (self._ahead[-1].time - max(known_times)).total_seconds())
