"""A seeded platform to read, and an empty database to fill."""

from collections.abc import Iterator
from typing import Any, LiteralString

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.demo.command import UNTIL, seed_demo
from tests.support.databases import Database, new_database
from tests.support.templates import Templates


class DefaultDatabase(Database):
    """The default database, in the transaction of the test, which is rolled back afterwards."""

    def __init__(self) -> None:
        self.alias, self.name = "default", str(connection.settings_dict["NAME"])

    def execute(self, *statements: LiteralString) -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def query(self, sql: LiteralString, *parameters: object) -> list[Any]:
        with connection.cursor() as cursor:
            return list(cursor.cursor.execute(sql, parameters or None))


@pytest.fixture
def empty(db: None) -> Database:
    return DefaultDatabase()


@pytest.fixture(scope="package")
def seeded(
    migrated: str, templates: Templates, django_db_blocker: DjangoDbBlocker
) -> Iterator[Database]:
    """Return a database with a small platform, which no test changes."""

    def seed(database: Database) -> None:
        assert seed_demo(database, "--scale=600", "--seed=7", f"--until={UNTIL}").status == 0

    with (
        django_db_blocker.unblock(),
        templates.prepared("seeded", seed, migrated) as name,
        new_database(name) as database,
    ):
        yield database
