"""Fixtures for every test. The database is real: an embedded server, or DATABASE_URL's."""

import atexit
import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.conf import settings as project_settings
from django.db import connection, connections
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from config.settings import env
from tests.support.server_of_tests import choose_directory, leave_memory

if TYPE_CHECKING:
    from tests.support.databases import Database
    from tests.support.lab import Lab
    from tests.support.servers import Server
    from tests.support.templates import Templates

SWITCHED_OFF = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")


def pytest_configure() -> None:
    # Processes that run a copy of the project lack the project's .env.
    for name, value in env.of_file.items():
        os.environ.setdefault(name, value)
    # No other session uses a test's database. On a busy machine, a time limit would end a wait
    # that succeeds.
    project_settings.MIGRATE_LOCK_TIMEOUT = 0
    # Coming months are not created, because tests would see other partitions in each month.
    project_settings.PARTITION_MONTHS_AHEAD = -1
    os.environ["PARTITION_MONTHS_AHEAD"] = "-1"
    # The hashers of production are slow on purpose.
    project_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # A background job ignores SIGINT, and a job under nohup ignores SIGHUP. The processes that
    # tests interrupt would inherit this.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # Processes buffer their output, as those of most users do.
    os.environ.pop("PYTHONUNBUFFERED", None)
    # The width of reports. pytest-xdist sets 80, and a terminal has its own width.
    os.environ["COLUMNS"] = "100"
    # Only the tests of config/replica have a replica, which they start.
    os.environ["DATABASE_REPLICA_URL"] = ""
    project_settings.DATABASES.pop("replica", None)
    project_settings.DATABASE_ROUTERS = []
    if uses_own_server():
        directory = choose_directory()
        project_settings.DATABASES["default"]["EMBEDDED_POSTGRES_DIR"] = directory
        atexit.register(leave_memory, directory)  # runs after the server has been released


def pytest_xdist_auto_num_workers() -> int:
    # One more than there are cores, because tests spend a tenth of their time waiting.
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    # Imported objects live until the end. Searching them for garbage took a tenth of the time.
    gc.freeze()
    gc.set_threshold(50_000)


def uses_own_server() -> bool:
    """Return whether the environment names neither a server nor a data directory."""
    return not (os.environ.get("DATABASE_URL") or os.environ.get("EMBEDDED_POSTGRES_DIR"))


@pytest.fixture(scope="session")
def templates(
    testrun_uid: str,
    worker_id: str,
    tmp_path_factory: pytest.TempPathFactory,
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
) -> "Templates":
    """Return the databases that the workers of this run share."""
    from tests.support.templates import Templates  # Django is not ready any earlier

    if uses_own_server():
        with django_db_blocker.unblock():
            make_fast()
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    return Templates(f"test_{testrun_uid[:12]}", shared, django_db_blocker)


@pytest.fixture(scope="session")
def migrated(templates: "Templates") -> Iterator[str]:
    """Return the name of a migrated database, for tests to copy."""
    from tests.support.databases import migrate_all

    with templates.prepared("migrated", migrate_all) as name:
        yield name


@pytest.fixture(scope="session")
def few_apps(templates: "Templates") -> Iterator[str]:
    """Return the name of a database in which only the apps that a lab needs are migrated."""
    from django.test import override_settings

    from tests.support.databases import migrate_all
    from tests.support.few_apps import FEW_APPS

    def migrate_few(database: "Database") -> None:
        with override_settings(INSTALLED_APPS=FEW_APPS):
            migrate_all(database)

    with templates.prepared("few_apps", migrate_few) as name:
        yield name


@pytest.fixture(scope="session")
def filled(migrated: str, templates: "Templates") -> Iterator[str]:
    """Return the name of a migrated database with rows in every table, for tests to copy."""
    from tests.support.migrations import default_database, fill_every_table

    def fill(database: "Database") -> None:
        with default_database(database.name):
            fill_every_table()

    with templates.prepared("filled", fill, migrated) as name:
        yield name


@pytest.fixture
def empty_database(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """Let the alias "default" use an empty database; yield its name."""
    from tests.support.migrations import new_default_database

    with django_db_blocker.unblock(), new_default_database() as name:
        yield name


@pytest.fixture
def migrated_database(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Let the alias "default" use a copy of the migrated database; yield its name."""
    from tests.support.migrations import new_default_database

    with django_db_blocker.unblock(), new_default_database(migrated) as name:
        yield name


@pytest.fixture
def filled_database(filled: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Let the alias "default" use a copy of the filled database; yield its name."""
    from tests.support.migrations import new_default_database

    with django_db_blocker.unblock(), new_default_database(filled) as name:
        yield name


@pytest.fixture
def clone(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator["Database"]:
    """Return a copy of the migrated database for one test."""
    from tests.support.databases import new_database

    with django_db_blocker.unblock(), new_database(migrated) as database:
        yield database


@pytest.fixture(scope="module")
def shared_clone(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator["Database"]:
    """Return a copy of the migrated database for the tests of a module that keep its schema."""
    from tests.support.databases import new_database

    with django_db_blocker.unblock(), new_database(migrated) as database:
        yield database


@pytest.fixture
def guest() -> Iterator[str]:
    """Yield the name of a role without privileges; request the test's database first."""
    from tests.support.databases import new_name
    from tests.support.migrations import run_sql

    name = new_name("guest")
    run_sql(f"CREATE ROLE {name}")
    yield name
    run_sql(f"RESET ROLE; DROP OWNED BY {name} CASCADE; DROP ROLE {name}")


@pytest.fixture(scope="module")
def server() -> Iterator["Server"]:
    """Run a server that asks for passwords."""
    from tests.support.servers import password_server

    with password_server() as server:
        yield server


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Yield a port on which no server listens."""
    from tests.support.servers import reserved_port

    with reserved_port() as port:
        yield port


@pytest.fixture
def database(server: "Server") -> Iterator[str]:
    """Yield the name of an empty database on `server`."""
    name = f"db_{uuid4().hex}"
    server.execute(f"CREATE DATABASE {name}")
    yield name
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def lab(
    few_apps: str, tmp_path: Path, settings: Settings, django_db_blocker: DjangoDbBlocker
) -> Iterator["Lab"]:
    """Return an app without models, and let the alias "default" use a copy of `few_apps`."""
    from tests.support.lab import Lab
    from tests.support.migrations import new_default_database

    settings.ROLLBACK_BACKUP_DIR = tmp_path / "backups"
    with (
        django_db_blocker.unblock(),
        new_default_database(few_apps),
        Lab(tmp_path).installed() as app,
    ):
        yield app


@pytest.fixture
def admin_client(db: None) -> Client:
    """Return the browser of an administrator who has logged in."""
    from tests.factories import UserFactory

    client = Client()
    client.force_login(UserFactory.create(admin=True))
    return client


def make_fast() -> None:
    """Turn off waits for the disk and autovacuum on the server of the tests."""
    with connection._nodb_cursor() as cursor:
        for name in SWITCHED_OFF:
            cursor.execute(f"ALTER SYSTEM SET {name} = off")
        cursor.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(migrated: str) -> None:
    """Give each process its own copy of the migrated database."""
    from tests.support.databases import new_name

    for alias in connections:
        settings = connections[alias].settings_dict
        settings["TEST"]["NAME"] = new_name(f"test_{settings['NAME']}")
        settings["TEST"]["TEMPLATE"] = migrated
