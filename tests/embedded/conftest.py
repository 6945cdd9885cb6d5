"""Data directories of the embedded server: one that exists, and one for the test to create."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.embedded import initialized_directory, new_directory


@pytest.fixture(scope="session")
def initialized() -> Iterator[Path]:
    """Yield a data directory in which a server has run; none is running now."""
    with initialized_directory() as directory:
        yield directory


@pytest.fixture
def fresh() -> Iterator[Path]:
    """Yield the path of a data directory that does not exist yet."""
    with new_directory() as directory:
        yield directory
