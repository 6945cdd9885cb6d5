"""Databases for migrate, and a lock timeout, which other tests do without."""

import random
from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker, Settings

from config.migrating import lock_timeout
from tests.support.migrations import new_database, run_sql


@pytest.fixture
def database(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A copy of it behind the alias "default", for the test to change."""
    with django_db_blocker.unblock(), new_database(migrated) as name:
        run_sql(f"ALTER DATABASE {name} SET statement_timeout = '120s'")  # rather than hang
        connection.close()
        yield name


@pytest.fixture
def empty_database(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    with django_db_blocker.unblock(), new_database() as name:
        yield name


@pytest.fixture(autouse=True)
def impatience(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Timeouts and pauses as short as a test can see them, and no chance in the pauses."""
    settings.MIGRATE_LOCK_TIMEOUT = 0.2
    settings.MIGRATE_LOCK_RETRIES = 2
    settings.MIGRATE_WAIT = 120
    monkeypatch.setattr(lock_timeout, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
