"""A migrated database with rows in every table, to make copies of."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

from tests.support.migrations import fill_every_table, new_database


@contextmanager
def full_database(template: str) -> Iterator[str]:
    """Give the name of a copy of `template` with rows in every table, and no connection to it."""
    usual = connections["default"]
    with new_database(template) as name:
        fill_every_table()
        connections["default"].close()
        connections["default"] = usual  # which is not the copy while tests make others of it
        yield name
