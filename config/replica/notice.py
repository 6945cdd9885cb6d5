"""What the dashboard says about the replica."""

from dataclasses import dataclass

from config.replica.health import HEALTH, is_configured
from config.replica.reading import pinned


@dataclass(frozen=True)
class Notice:
    """A sentence, and whether it is good or bad news."""

    sentence: str
    state: str


def replica_notice() -> Notice | None:
    """Return how the replica is, or None if there is none."""
    if not is_configured():
        return None
    status = HEALTH.status()
    if status.problem:
        return Notice(f"The replica is left out, the primary is read: {status.problem}.", "bad")
    lag = f"The replica is {status.lag:.1f} seconds behind."
    if pinned.get():
        return Notice(f"{lag} After your change, you read the primary for a moment.", "good")
    return Notice(f"{lag} Figures, counts and exports are read there.", "good")
