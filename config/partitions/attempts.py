"""How often a step is tried, as the caller decides."""

from collections.abc import Callable
from typing import Any

type Attempt = Callable[[Callable[[], Any]], Any]
"""A function that calls a step, perhaps several times, and returns what it returns."""


def at_once(step: Callable[[], Any]) -> Any:
    """Call `step` once, without retries."""
    return step()
