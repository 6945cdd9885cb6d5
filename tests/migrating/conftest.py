"""A database for migrate, and short waits for locks."""

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker, Settings

from tests.migrating.sessions import shorten_pauses
from tests.support.few_apps import FEW_APPS
from tests.support.migrations import new_database_of, run_sql


@pytest.fixture
def few_apps_database(few_apps: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Install few apps, and let the alias "default" use a database of them; yield its name."""
    with django_db_blocker.unblock(), new_database_of(FEW_APPS, few_apps) as name:
        run_sql(f"ALTER DATABASE {name} SET statement_timeout = '120s'")  # fail instead of hanging
        connection.close()
        yield name


@pytest.fixture(autouse=True)
def short_waits(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make timeouts and pauses as short as the tests allow."""
    settings.MIGRATE_LOCK_TIMEOUT = 0.2
    settings.MIGRATE_LOCK_RETRIES = 2
    settings.MIGRATE_WAIT = 120
    shorten_pauses(monkeypatch)
