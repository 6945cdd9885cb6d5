"""Who looks at the admin."""

import pytest
from django.test import Client

from config.admin import changelist, deletion
from tests.factories import UserFactory


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, nothing takes too long unless a test says so."""
    monkeypatch.setattr(changelist, "MILLISECONDS", 60_000)
    monkeypatch.setattr(deletion, "MILLISECONDS", 60_000)


@pytest.fixture
def admin_client(db: None) -> Client:
    client = Client()
    client.force_login(UserFactory.create(admin=True))
    return client
