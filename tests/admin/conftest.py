"""Time limits that a busy machine does not exceed."""

import pytest

from tests.support.limits import raise_limits


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    raise_limits(monkeypatch.setattr)
