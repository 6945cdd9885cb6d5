"""The retries of a step, such as the creation of a month."""

from collections.abc import Callable
from typing import Any

from config.migrating import LockWaits
from config.postgres.backend import revive

type Attempt = Callable[[Callable[[], Any]], Any]
"""A function that calls a step, retries it if it may, and returns the result of the step."""


def without_retries(step: Callable[[], Any]) -> Any:
    """Call `step` once."""
    return step()


def retried(waits: LockWaits) -> Attempt:
    """Return a function that retries a step while another session holds a lock that it needs."""

    def attempt(step: Callable[[], Any]) -> Any:
        waits.lock.check()
        revive(waits.connection)  # it is idle while pg_dump runs
        return waits.retry(step)

    return attempt
