"""Databases for verify_schema."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.verify.clones import Database, migrated_database, new_database


@pytest.fixture(scope="session")
def template(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The name of a migrated database that nobody changes, to make others of.

    It is not that of the other tests, in which anything may be by now.
    """
    with django_db_blocker.unblock(), migrated_database() as database:
        yield database.name


@pytest.fixture
def clone(template: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A migrated database for one test."""
    with django_db_blocker.unblock(), new_database(template) as database:
        yield database


@pytest.fixture(scope="module")
def shared_clone(template: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A migrated database for those tests of a module that leave the schema as it is."""
    with django_db_blocker.unblock(), new_database(template) as database:
        yield database
