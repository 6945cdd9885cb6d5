"""A platform to look at, and empty databases to fill."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.demo.command import UNTIL, seed_demo
from tests.support.databases import Database, new_database


@pytest.fixture
def empty(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A migrated database for one test."""
    with django_db_blocker.unblock(), new_database(migrated) as database:
        yield database


@pytest.fixture(scope="session")
def seeded(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A small platform that nobody changes."""
    with django_db_blocker.unblock(), new_database(migrated) as database:
        assert seed_demo(database, "--scale=600", "--seed=7", f"--until={UNTIL}").status == 0
        yield database
