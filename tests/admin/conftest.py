"""An account that can log in, and time limits that a busy machine does not exceed."""

import pytest

from config.admin import changelist, deletion
from tests.admin.pages import PASSWORD
from tests.factories import UserFactory
from users.models import User


@pytest.fixture
def ann(db: None) -> User:
    """Return the administrator ann@example.com."""
    return UserFactory.create(admin=True, email="ann@example.com", password=PASSWORD)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise the time limits, so that only tests that lower them run into them."""
    monkeypatch.setattr(changelist, "COUNTING_MILLISECONDS", 60_000)
    monkeypatch.setattr(deletion, "COUNTING_MILLISECONDS", 60_000)
