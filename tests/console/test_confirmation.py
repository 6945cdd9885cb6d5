"""The question at the terminal, whose only accepted answer is the name of the database."""

from io import StringIO

import pytest
from django.core.management.base import CommandError, OutputWrapper

from config.console import ask
from tests.support.terminal import typed


def test_name_of_the_database__continues(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = StringIO()
    with typed("school\n", monkeypatch):
        ask(OutputWrapper(printed), "school")
    assert printed.getvalue() == "\nType the name of the database, school, to continue: "


def test_another_answer__refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with typed("yes\n", monkeypatch), pytest.raises(CommandError) as error:
        ask(OutputWrapper(StringIO()), "school")
    assert str(error.value) == "That is not school. Nothing was changed."


def test_end_of_input__interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    with typed("\x04", monkeypatch), pytest.raises(KeyboardInterrupt) as interruption:
        ask(OutputWrapper(StringIO()), "school")
    assert str(interruption.value) == "interrupted. Nothing was changed."
