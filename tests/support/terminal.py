"""Terminals: one at which a test types, and one that shows the output of a command."""

import os
import pty
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest


class Terminal(StringIO):
    """An output that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


@contextmanager
def typed(keys: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Replace stdin by a terminal at which `keys` have been typed."""
    keyboard, terminal = pty.openpty()
    with os.fdopen(keyboard, "w") as typist, os.fdopen(terminal) as stdin:
        typist.write(keys)
        typist.flush()
        monkeypatch.setattr(sys, "stdin", stdin)
        yield
