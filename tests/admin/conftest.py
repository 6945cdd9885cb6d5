"""An administrator's client, and time limits that a busy machine does not exceed."""

import pytest
from django.test import Client

from config.admin import changelist, deletion
from tests.factories import UserFactory


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise the time limits, so that only tests that ask for it run into them."""
    monkeypatch.setattr(changelist, "COUNTING_MILLISECONDS", 60_000)
    monkeypatch.setattr(deletion, "COUNTING_MILLISECONDS", 60_000)


@pytest.fixture
def admin_client(db: None) -> Client:
    client = Client()
    client.force_login(UserFactory.create(admin=True))
    return client
