"""An empty cache of plots and verdicts, and time limits that a busy machine does not exceed."""

import pytest
from django.core.cache import cache

from tests.support.limits import raise_limits


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    raise_limits(monkeypatch.setattr)
