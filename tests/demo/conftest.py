"""A platform to look at, and empty databases to fill."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.demo.command import UNTIL, seed_demo
from tests.support.databases import Database, known_database, new_database
from tests.support.templates import Templates


@pytest.fixture
def empty(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A migrated database for one test."""
    with django_db_blocker.unblock(), new_database(migrated) as database:
        yield database


@pytest.fixture(scope="package")
def seeded(
    migrated: str, templates: Templates, django_db_blocker: DjangoDbBlocker
) -> Iterator[Database]:
    """Return a small platform that does not change; all workers read the same one."""

    def seed(database: Database) -> None:
        assert seed_demo(database, "--scale=600", "--seed=7", f"--until={UNTIL}").status == 0

    with (
        django_db_blocker.unblock(),
        templates.prepared("seeded", seed, migrated) as name,
        known_database(name) as database,
    ):
        yield database
