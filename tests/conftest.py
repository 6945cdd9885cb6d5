"""What every test may use. The database is real: the embedded server, or DATABASE_URL's."""

import os
import signal
from collections.abc import Iterator

import pytest
from django.conf import settings as project_settings
from django.db import connections
from pytest_django import DjangoDbBlocker, Settings


def pytest_configure() -> None:
    # Nobody else uses a test's database: what waits there shall not end by the clock.
    project_settings.MIGRATE_LOCK_TIMEOUT = 0
    # A job in the background ignores Ctrl-C, and so would the processes that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """Give each run a database of its own, so that two runs at the same time do not meet."""
    for connection in connections.all():
        test_settings = connection.settings_dict["TEST"]
        name = test_settings["NAME"] or f"test_{connection.settings_dict['NAME']}"
        test_settings["NAME"] = f"{name}_{os.getpid()}"


@pytest.fixture(scope="session")
def migrated(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The name of a migrated database that nobody changes, to make others of.

    It is not that of the other tests, in which anything may be by now.
    """
    from tests.support.databases import migrated_database  # Django is not ready any earlier

    with django_db_blocker.unblock(), migrated_database() as database:
        yield database.name


@pytest.fixture(autouse=True)
def fast_passwords(settings: Settings) -> None:
    """A hash that takes no time; the real ones are slow on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
