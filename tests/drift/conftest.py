"""The expected schema, and databases to compare with it."""

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import translation
from pytest_django import DjangoDbBlocker

from config.drift import comparison, migration_records
from config.drift.comparison import Comparison, verify
from config.drift.difference import Drift
from config.drift.expected import read_expected
from config.drift.management.commands import verify_schema as command
from config.drift.repair import Statement
from config.postgres.catalog import Catalog
from tests.support.databases import Database
from tests.support.migrations import run_sql

type Verify = Callable[..., Comparison]


@pytest.fixture(scope="session")
def expected(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Catalog:
    """Return the expected schema, read once because the live schema does not affect it."""
    with django_db_blocker.unblock():
        return read_expected(connection)


@pytest.fixture
def compared_database(db: None) -> Iterator[None]:
    """Open the test database in a transaction, without the rows that no repair restores."""
    run_sql("TRUNCATE django_content_type CASCADE")
    with translation.override(None):  # as in a command, and twice as fast
        yield


@pytest.fixture(scope="session")
def loader(expected: Catalog, django_db_blocker: DjangoDbBlocker) -> MigrationLoader:
    """Return the migration files, loaded once."""
    with django_db_blocker.unblock():
        return migration_records.load_migrations(connection)


@pytest.fixture(scope="session")
def unmigrated(loader: MigrationLoader) -> list[Drift]:
    """Return the changes of models without a migration, detected only once."""
    return list(migration_records._unmigrated(loader))


@pytest.fixture
def migrations_read_once(
    loader: MigrationLoader, unmigrated: list[Drift], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read the migration files, and compare them with the models, only once."""
    monkeypatch.setattr(migration_records, "_unmigrated", lambda loader: unmigrated)
    monkeypatch.setattr(comparison, "load_migrations", loading_only_records(loader))


@pytest.fixture
def models_read_once(
    expected: Catalog, migrations_read_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Create the tables of the models only once, and read migrations only once."""
    monkeypatch.setattr(command, "read_expected", lambda connection: expected)


def loading_only_records(
    loader: MigrationLoader,
) -> Callable[[BaseDatabaseWrapper], MigrationLoader]:
    """Return a substitute for load_migrations() that takes the files from `loader`."""

    def load(connection: BaseDatabaseWrapper) -> MigrationLoader:
        again = copy(loader)
        records: Any = MigrationRecorder(connection).applied_migrations()
        again.applied_migrations = records  # django-stubs expects migrations as its values
        return again

    return load


def run_script(statements: Iterable[Statement]) -> None:
    """Run the statements of a repair script."""
    run_sql(*(statement.sql for statement in statements))


@pytest.fixture
def verify_live(compared_database: None, expected: Catalog, models_read_once: None) -> Verify:
    """Return a function that compares the test database with the expected schema."""
    return partial(verify, connection, lambda connection: expected)


@pytest.fixture
def quick_clone(shared_clone: Database, models_read_once: None) -> Database:
    """Return the shared clone, for tests that need not read the models again."""
    return shared_clone
