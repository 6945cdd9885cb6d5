"""The expected schema, and databases to compare with it."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from django.db import connection
from django.utils import translation
from pytest_django import DjangoDbBlocker

from config.drift.comparison import Comparison, verify
from config.drift.expected import read_expected
from config.postgres.catalog import Catalog
from tests.support.databases import Database, new_database

type Verify = Callable[..., Comparison]


@pytest.fixture(scope="session")
def expected(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Catalog:
    """Read once: it takes most of the time, and nothing that befalls the live schema changes it."""
    with django_db_blocker.unblock():
        return read_expected(connection)


@pytest.fixture
def database(db: None) -> Iterator[None]:
    """In a transaction that is rolled back, and without the rows that no repair brings back."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE django_content_type CASCADE")
    with translation.override(None):  # as in a command; it takes half of the time
        yield


@pytest.fixture
def verify_live(database: None, expected: Catalog) -> Verify:
    return partial(verify, connection, lambda *_: expected)


@pytest.fixture
def clone(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A migrated database for one test."""
    with django_db_blocker.unblock(), new_database(migrated) as database:
        yield database


@pytest.fixture(scope="module")
def shared_clone(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A migrated database for those tests of a module that leave the schema as it is."""
    with django_db_blocker.unblock(), new_database(migrated) as database:
        yield database
