"""A run that makes or drops months: alone, and explained when it stops."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from config.migrating import LockWaits, Progress
from config.partitions.attempts import Attempt
from config.postgres.backend import revive


@dataclass
class Upkeep(Progress):
    """The progress of a run of the command partitions."""

    command: str = "partitions"

    @property
    def standing(self) -> str:
        return "What was shown is done." if self.has_changed else "No month was made or dropped."


def retried(waits: LockWaits) -> Attempt:
    """Return a function that calls a step until no lock is in its way."""

    def attempt(step: Callable[[], Any]) -> Any:
        waits.lock.check()
        revive(waits.connection)  # it is idle while pg_dump runs
        return waits.retry(step)

    return attempt
