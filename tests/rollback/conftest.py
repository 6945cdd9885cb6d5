"""Databases to roll back: copies of one with rows in every table."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker, Settings

from config.rollback.backup import Backup
from tests.rollback.backups import back_up
from tests.support.migrations import new_database


@pytest.fixture
def database(filled: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Return the name of a copy of the filled database, which the test may change."""
    with django_db_blocker.unblock(), new_database(filled) as name:
        yield name


@pytest.fixture(scope="module")
def unchanged(filled: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Return the name of a copy for the tests of a module that change nothing."""
    with django_db_blocker.unblock(), new_database(filled) as name:
        yield name


@pytest.fixture
def empty_database(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """Return the name of a database in which no migration has been applied."""
    with django_db_blocker.unblock(), new_database() as name:
        yield name


@pytest.fixture(autouse=True)
def backups(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the directory in which the test writes its backups."""
    monkeypatch.setenv("COLUMNS", "100")
    settings.ROLLBACK_BACKUP_DIR = tmp_path / "backups"
    settings.MIGRATE_LOCK_TIMEOUT, settings.MIGRATE_LOCK_RETRIES = 0.2, 0
    return tmp_path / "backups"


@pytest.fixture(scope="module")
def backup(
    filled: str, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Backup]:
    """Return a backup of a database in which nothing was rolled back."""
    with django_db_blocker.unblock(), new_database(filled):
        yield back_up(tmp_path_factory.mktemp("backup"))
