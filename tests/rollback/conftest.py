"""Databases with rows, to roll back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from config.rollback.backup import Backup
from tests.rollback.backups import back_up
from tests.support.databases import Database, migrate_all
from tests.support.few_apps import FEW_APPS
from tests.support.migrations import (
    default_database,
    new_database_of,
    new_default_database,
    run_sql,
)
from tests.support.templates import Templates

ANALYTICS = [*FEW_APPS, "config.partitions", "courses", "analytics"]


@pytest.fixture(scope="session")
def accounts(few_apps: str, templates: Templates) -> Iterator[str]:
    """Return the name of a database with few apps and some rows, so that a rollback is quick."""
    with templates.prepared("accounts", fill_accounts, few_apps) as name:
        yield name


def fill_accounts(database: Database) -> None:
    """Create three accounts with profiles, and a group with a permission for each model."""
    from tests.factories import UserProfileFactory

    with default_database(database.name):
        UserProfileFactory.create_batch(3)
        run_sql("INSERT INTO auth_group (name) VALUES ('everyone')")
        run_sql(
            "INSERT INTO auth_group_permissions (group_id, permission_id)"
            " SELECT g.id, p.id FROM auth_group AS g, auth_permission AS p"
        )


@pytest.fixture
def accounts_copy(accounts: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Return the name of a copy of `accounts` that the test may change."""
    with django_db_blocker.unblock(), new_database_of(FEW_APPS, accounts) as name:
        yield name


@pytest.fixture(scope="module")
def small_unchanged(accounts: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Return the name of a copy of `accounts` for the tests of a module that change nothing."""
    with django_db_blocker.unblock(), new_default_database(accounts) as name:
        yield name


@pytest.fixture(scope="session")
def analytics(few_apps: str, templates: Templates) -> Iterator[str]:
    """Return the name of a database of few apps and of analytics, with rows."""
    with templates.prepared("analytics", fill_analytics, few_apps) as name:
        yield name


def fill_analytics(database: Database) -> None:
    """Create two events, and statistics of two students and of two courses."""
    from tests import factories

    with override_settings(INSTALLED_APPS=ANALYTICS):
        migrate_all(database)
    with default_database(database.name):
        factories.AnalyticsEventFactory.create_batch(2)
        factories.CourseAnalyticsFactory.create_batch(2)
        factories.StudentAnalyticsFactory.create_batch(2)


@pytest.fixture
def events(analytics: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Return the name of a copy of `analytics` that the test may change."""
    with django_db_blocker.unblock(), new_database_of(ANALYTICS, analytics) as name:
        yield name


@pytest.fixture(autouse=True)
def backups(tmp_path: Path, settings: Settings) -> Path:
    """Return the directory in which the test writes its backups."""
    settings.ROLLBACK_BACKUP_DIR = tmp_path / "backups"
    settings.MIGRATE_LOCK_TIMEOUT, settings.MIGRATE_LOCK_RETRIES = 0.2, 0
    return tmp_path / "backups"


@pytest.fixture(scope="module")
def backup(
    accounts: str, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Backup]:
    """Return a backup of a database in which nothing was rolled back."""
    with django_db_blocker.unblock(), new_default_database(accounts):
        yield back_up(tmp_path_factory.mktemp("backup"))
