"""Scratch databases on the server that the project uses."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection


@contextmanager
def new_database(name: str = "", template: str = "template1") -> Iterator[str]:
    """Create a database from `template` for the block, and yield its name."""
    name = name or f"benchmark_{os.getpid()}"
    administrate(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield name
    finally:
        administrate(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Connect the default connection to another database during the block."""
    settings = connection.settings_dict
    before = settings["NAME"]
    connection.close()
    try:
        settings["NAME"] = name
        yield
    finally:
        connection.close()
        settings["NAME"] = before


@contextmanager
def migrated_database() -> Iterator[None]:
    """Connect the default connection to a new migrated database during the block."""
    with new_database() as name, connected_to(name):
        call_command("migrate", verbosity=0)
        yield


def administrate(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)
