"""Data directories of the embedded server: an initialized one, and one for the test to create."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.embedded import initialized_directory, new_directory


@pytest.fixture(scope="session")
def initialized() -> Iterator[Path]:
    """Yield a data directory in which a server has run and was stopped."""
    with initialized_directory() as directory:
        yield directory


@pytest.fixture
def fresh() -> Iterator[Path]:
    """Yield the path of a data directory that does not exist yet."""
    with new_directory() as directory:
        yield directory
