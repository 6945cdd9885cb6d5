"""A terminal at which a test types."""

import os
import pty
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def typed(keys: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make a terminal stdin, at which `keys` have been typed."""
    keyboard, terminal = pty.openpty()
    with os.fdopen(keyboard, "w") as typist, os.fdopen(terminal) as stdin:
        typist.write(keys)
        typist.flush()
        monkeypatch.setattr(sys, "stdin", stdin)
        yield
