"""A data directory of the embedded server, for tests that need not make one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.embedded import made_directory


@pytest.fixture(scope="session")
def made() -> Iterator[Path]:
    """Yield a data directory in which a server has run; none is running now."""
    with made_directory() as directory:
        yield directory
