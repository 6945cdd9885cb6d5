"""The expected schema, and databases to compare with it."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from django.db import connection
from django.utils import translation
from pytest_django import DjangoDbBlocker

from config.drift import ledger
from config.drift.comparison import Comparison, verify
from config.drift.difference import Drift
from config.drift.expected import read_expected
from config.postgres.catalog import Catalog
from tests.support.databases import Database, known_database, new_database

type Verify = Callable[..., Comparison]


@pytest.fixture(scope="session")
def expected(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Catalog:
    """Return the expected schema, read once: no change of the live schema affects it."""
    with django_db_blocker.unblock():
        return read_expected(connection)


@pytest.fixture
def database(db: None) -> Iterator[None]:
    """Open the test database in a transaction, without the rows that no repair brings back."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE django_content_type CASCADE")
    with translation.override(None):  # as in a command, and twice as fast
        yield


@pytest.fixture(scope="session")
def unmigrated(expected: Catalog, django_db_blocker: DjangoDbBlocker) -> list[Drift]:
    """Return the changes of models that have no migration: none, also searched for only once."""
    with django_db_blocker.unblock():
        return list(ledger._unmigrated(ledger.load_migrations(connection)))


@pytest.fixture
def verify_live(
    database: None,
    expected: Catalog,
    unmigrated: list[Drift],
    monkeypatch: pytest.MonkeyPatch,
) -> Verify:
    """Return a function that compares the test database with the expected schema."""
    monkeypatch.setattr(ledger, "_unmigrated", lambda loader: unmigrated)
    return partial(verify, connection, lambda *_: expected)


@pytest.fixture
def clone(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """Create a migrated database for one test."""
    with django_db_blocker.unblock(), new_database(migrated) as database:
        yield database


@pytest.fixture(scope="module")
def shared_clone(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """Create a migrated database for the tests of a module that leave the schema as it is."""
    with django_db_blocker.unblock(), new_database(migrated) as database:
        yield database


@pytest.fixture(scope="module")
def quick_clone(
    shared_clone: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Yield the shared clone, to be compared with a snapshot: quicker than with the models."""
    with known_database(shared_clone.name) as database:
        snapshot = tmp_path_factory.mktemp("drift") / "snapshot"
        assert database.verify("--snapshot", snapshot).status == 0
        database.snapshot = snapshot
        yield database
