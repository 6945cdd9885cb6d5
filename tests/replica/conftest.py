"""A primary and a standby, which are the databases of the project during a test."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from config import deadline
from config.replica import health
from config.replica.health import HEALTH, Health
from tests.factories import UserFactory
from tests.support.limits import raise_limits
from tests.support.migrations import dump, new_default_database
from tests.support.processes import PATIENCE
from tests.support.standby import Pair, databases, running_pair, url


@pytest.fixture(scope="session")
def servers(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Pair]:
    """Start both servers once, with a copy of the migrated database."""
    with running_pair() as pair:
        with django_db_blocker.unblock(), new_default_database(migrated):
            script = "\n".join(dump("--inserts"))
        pair.on(pair.primary, script.encode())
        yield pair


@pytest.fixture
def pair(
    servers: Pair,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Pair]:
    """Return the servers, with a standby that has caught up and has not been checked."""
    settings.DATABASE_ROUTERS = ["config.replica.ReplicaRouter"]
    raise_limits(monkeypatch.setattr)
    monkeypatch.setattr(deadline, "SECONDS", PATIENCE)
    monkeypatch.setattr(health, "CHECK_SECONDS", 0)
    monkeypatch.setattr(health, "RETRY_SECONDS", 0)
    vars(HEALTH).update(vars(Health()))
    cache.clear()
    servers.catch_up()
    both = {"default": url(servers.primary), "replica": url(servers.standby)}
    with django_db_blocker.unblock(), databases(**both):
        yield servers
        with HEALTH._checking:  # wait for a thread that still checks
            pass


@pytest.fixture
def client_of_admin(pair: Pair) -> Client:
    """Return the client of an administrator, whose session has reached the standby."""
    client = Client()
    client.force_login(UserFactory.create(admin=True))
    pair.catch_up()
    return client
