"""Databases that tests create, reach by a separate alias, and drop."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from functools import cache
from itertools import count
from typing import Any, LiteralString
from urllib.parse import quote, urlencode
from uuid import uuid4

import psycopg
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Connection

from tests.support.processes import eventually
from tests.support.verify_schema import Run, verify_schema

numbers = count(1)


class Database:
    """A database, with the alias by which Django knows it."""

    def __init__(self, name: str) -> None:
        self.alias = f"scratch{next(numbers)}"
        self.name = name
        settings = deepcopy(connections.settings["default"])
        connections.settings[self.alias] = settings | {"NAME": self.name}

    @property
    def connection(self) -> BaseDatabaseWrapper:
        return connections[self.alias]

    @property
    def where(self) -> dict[str, Any]:
        """Return the parameters with which libpq connects to the database."""
        return libpq_parameters(self.connection)

    @property
    def url(self) -> str:
        """Return the database as a value of DATABASE_URL."""
        where = self.where
        user, name = quote(where.pop("user")), quote(where.pop("dbname"))
        return f"postgres://{user}@/{name}?{urlencode(where, quote_via=quote)}"

    def session(self) -> Connection[Any]:
        """Return a new session in autocommit mode."""
        return psycopg.connect(**self.where, autocommit=True)

    def execute(self, *statements: LiteralString) -> None:
        with self.session() as session:
            for statement in statements:
                session.execute(statement)

    def query(self, sql: LiteralString, *parameters: object) -> list[Any]:
        with self.session() as session:
            return session.execute(sql, parameters).fetchall()

    @contextmanager
    def options(self, **options: Any) -> Iterator[None]:
        """Add `options` to the OPTIONS of the alias until the block ends."""
        before = self.connection.settings_dict["OPTIONS"]
        self.connection.settings_dict["OPTIONS"] = before | options
        try:
            yield
        finally:
            self.connection.settings_dict["OPTIONS"] = before
            self.connection.close()  # because an open connection keeps the options

    @contextmanager
    def changed(self, *statements: LiteralString) -> Iterator[None]:
        """Run `statements` in a transaction that is rolled back when the block ends."""
        with transaction.atomic(using=self.alias), self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            yield
            transaction.set_rollback(True, using=self.alias)

    def verify(self, *arguments: object, to_stdout: bool = False) -> Run:
        """Run verify_schema on the database, in a new session unless a `changed` block is open."""
        if not self.connection.in_atomic_block:
            self.connection.close()
        return verify_schema("--database", self.alias, *arguments, to_stdout=to_stdout)


def create_database(name: str, template: str = "template1") -> None:
    """Create a database as a copy of `template`, which must have no sessions."""
    _on_server(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY {_strategy()}')


@cache
def _strategy() -> str:
    """Return the faster strategy: FILE_COPY if the server does not wait for the disk."""
    return "FILE_COPY" if _on_server("SHOW fsync") == [("off",)] else "WAL_LOG"


def close_to_sessions(name: str) -> None:
    """Forbid connections to the database, because PostgreSQL copies no database in use."""
    _on_server(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')


def drop_database(name: str) -> None:
    """Drop a database, and end the sessions that are connected to it."""

    def is_dropped() -> bool:
        with suppress(psycopg.errors.ObjectInUse):  # FORCE waits only five seconds for the sessions
            _on_server(f'DROP DATABASE "{name}" WITH (FORCE)')
            return True
        return False

    assert eventually(is_dropped)


def has_database(name: str) -> bool:
    """Return whether the server has a database of this name."""
    return bool(_on_server("SELECT 1 FROM pg_database WHERE datname = %s", name))


def new_name(kind: str = "scratch") -> str:
    """Return a name that no other database or role of the server has.

    A process id is not enough, because a killed run may have left its databases, and processes in
    two containers can have the same id.
    """
    return f"{kind}_{uuid4().hex[:12]}"


@contextmanager
def known_database(name: str) -> Iterator[Database]:
    """Add an alias for the existing database `name` until the block ends."""
    database = Database(name)
    try:
        yield database
    finally:
        database.connection.close()
        del connections[database.alias], connections.settings[database.alias]


@contextmanager
def new_database(template: str = "template1") -> Iterator[Database]:
    """Yield a copy of `template`, and drop the copy when the block ends."""
    name = new_name()
    create_database(name, template)
    try:
        with known_database(name) as database:
            yield database
    finally:
        drop_database(name)


def migrate_all(database: Database) -> None:
    """Apply all migrations."""
    call_command("migrate", database=database.alias, verbosity=0)


@contextmanager
def new_role(database: Database, *privileges: str) -> Iterator[str]:
    """Create a role with `privileges`: GRANT statements that name the role as {role}."""
    role = f"{database.name}_role"
    database.execute(f'CREATE ROLE "{role}"')
    database.execute(*(privilege.format(role=f'"{role}"') for privilege in privileges))
    try:
        yield role
    finally:
        database.execute(f'DROP OWNED BY "{role}"', f'DROP ROLE "{role}"')


def _on_server(statement: str, *parameters: str) -> list[Any]:
    session = _session(**libpq_parameters(connection) | {"dbname": "postgres"})
    cursor = session.execute(statement.encode(), parameters or None)
    return cursor.fetchall() if cursor.description else []


def libpq_parameters(wrapper: BaseDatabaseWrapper) -> dict[str, Any]:
    """Return the parameters with which libpq connects to the database of `wrapper`."""
    parameters = wrapper.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    return {name: parameters[name] for name in names if name in parameters}


@cache
def _session(**where: Any) -> Connection[Any]:
    """Return a session that stays open, because many tests create a database through it."""
    return psycopg.connect(**where, autocommit=True)
