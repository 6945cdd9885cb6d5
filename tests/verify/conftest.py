"""Databases for verify_schema."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.verify.clones import Database, new_database


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
