"""The question at the terminal: only the name of the database lets a command go on."""

import os
import pty
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management.base import CommandError, OutputWrapper

from config.console import ask


@contextmanager
def typed(keys: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[OutputWrapper]:
    """Have `keys` typed at a terminal that is stdin; return what the command may print to."""
    keyboard, terminal = pty.openpty()
    with os.fdopen(keyboard, "w") as typist, os.fdopen(terminal) as stdin:
        typist.write(keys)
        typist.flush()
        monkeypatch.setattr(sys, "stdin", stdin)
        yield OutputWrapper(StringIO())


def test_name_of_the_database__goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with typed("school\n", monkeypatch) as output:
        ask(output, "school")
        output.seek(0)
        assert output.read() == "\nType the name of the database, school, to go on: "


def test_another_answer__refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with typed("yes\n", monkeypatch) as output, pytest.raises(CommandError) as error:
        ask(output, "school")
    assert str(error.value) == "That is not school. Nothing was changed."


def test_end_of_input__interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    with typed("\x04", monkeypatch) as output, pytest.raises(KeyboardInterrupt) as interruption:
        ask(output, "school")
    assert str(interruption.value) == "interrupted. Nothing was changed."
