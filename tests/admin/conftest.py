"""An account that can log in, and time limits that a busy machine does not exceed."""

import pytest

from tests.admin.pages import PASSWORD
from tests.factories import UserFactory
from tests.support.limits import raise_limits
from users.models import User


@pytest.fixture
def ann(db: None) -> User:
    """Return the administrator ann@example.com."""
    return UserFactory.create(admin=True, email="ann@example.com", password=PASSWORD)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    raise_limits(monkeypatch.setattr)
