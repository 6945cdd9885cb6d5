"""Time limits that a busy machine does not exceed."""

import pytest

from config.admin import changelist, deletion


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise the time limits, so that only tests that lower them run into them."""
    monkeypatch.setattr(changelist, "COUNTING_MILLISECONDS", 60_000)
    monkeypatch.setattr(deletion, "COUNTING_MILLISECONDS", 60_000)
