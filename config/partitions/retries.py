"""The retries of a step, such as the creation of a month."""

from collections.abc import Callable
from typing import Any

from config.migrating import LockWaits
from config.postgres.backend import revive

type Attempt = Callable[[Callable[[], Any]], Any]
"""A function that calls a step, retries it if necessary, and returns its result."""


def retried(waits: LockWaits) -> Attempt:
    """Return a function that retries a step while another session holds a lock that it needs."""

    def attempt(step: Callable[[], Any]) -> Any:
        waits.lock.check()
        revive(waits.connection)  # the server may have ended the session while pg_dump ran
        return waits.retry(step)

    return attempt
