"""Databases for migrations of the app "music"."""

from collections.abc import Iterator

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import DjangoDbBlocker

from tests.hazards.music import make_tables
from tests.support.databases import Database, new_database


@pytest.fixture(scope="module")
def blank_database(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Database]:
    with django_db_blocker.unblock(), new_database() as database:
        yield database


@pytest.fixture
def no_tables(blank_database: Database) -> BaseDatabaseWrapper:
    """Return a connection to a database without tables."""
    return blank_database.connection


@pytest.fixture
def tables(blank_database: Database) -> Iterator[BaseDatabaseWrapper]:
    """Yield a connection to a database that has the app's tables, with two rows each."""
    make_tables(blank_database)
    yield blank_database.connection
    blank_database.connection.close()
    blank_database.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
