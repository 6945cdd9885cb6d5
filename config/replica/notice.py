"""The notice of the dashboard about the replica."""

from dataclasses import dataclass

from config.replica.health import HEALTH, is_configured
from config.replica.reading import reads_primary_only


@dataclass(frozen=True)
class Notice:
    """A sentence about the state of the replica."""

    sentence: str
    state: str
    """The state, "good" or "bad"."""


def replica_notice() -> Notice | None:
    """Return the notice, or None if no replica is configured."""
    if not is_configured():
        return None
    status = HEALTH.status()
    if status.problem:
        return Notice(f"Reads go to the primary, not to the replica: {status.problem}.", "bad")
    lag = f"The replica is {status.lag:.1f} seconds behind."
    if reads_primary_only.get():
        return Notice(f"{lag} After your change, you read the primary for a moment.", "good")
    return Notice(f"{lag} Figures, counts and exports come from it.", "good")
