"""Who looks at the admin."""

import pytest
from django.test import Client

from tests.factories import UserFactory


@pytest.fixture
def admin_client(db: None) -> Client:
    client = Client()
    client.force_login(UserFactory.create(admin=True))
    return client
