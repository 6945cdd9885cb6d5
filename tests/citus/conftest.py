"""A database for tests on the coordinator of a cluster; its name must begin with test."""

import os
from collections.abc import Iterator

import psycopg
import pytest

from tests.support.processes import manage, printed

URL = "CITUS_DATABASE_URL"


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Return the URL of a migrated database of a cluster, without rows."""
    url = os.environ.get(URL)
    if not url:
        pytest.skip(f"{URL} names no coordinator of a Citus cluster")
    assert url.rpartition("/")[2].startswith("test"), f"{URL} must name a database test..."
    # Other workers of this run use the same database.
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("SELECT pg_advisory_lock(12)")
        empty(url)
        printed(manage("migrate", "--verbosity=0", DATABASE_URL=url))
        yield url
        empty(url)


def empty(url: str) -> None:
    """Remove all tables, also those that an earlier run has left distributed."""
    options = ("--noinput", "--verbosity=0")
    manage("distribute", "--undo", *options, DATABASE_URL=url)
    manage("rollback", "--yes-destroy-data", "--no-backup", *options, DATABASE_URL=url)
