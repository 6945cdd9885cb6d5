"""Squawk's warnings about SQL."""

from pathlib import Path

import pytest

from config.hazards.errors import HazardError
from config.hazards.squawk import lint


def test_lint_of_sql_with_a_syntax_error__still_checks_the_other_statements() -> None:
    found = lint(["SELEC 1", "DROP TABLE a"], 18, in_transaction=True)
    assert [(item.statement, item.rule) for item in found] == [
        (0, "syntax-error"),
        (0, "syntax-error"),
        (1, "ban-drop-table"),
    ]


def test_lint_of_statements_over_several_lines__finds_the_statement() -> None:
    found = lint(["SELECT\n1 -- one", "DROP\nTABLE a", "SELECT 2"], 15, in_transaction=False)
    assert [item.statement for item in found] == [1]


def test_squawk_with_unreadable_output__is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "squawk").write_text("#!/bin/sh\necho no such option >&2\n")
    (tmp_path / "squawk").chmod(0o755)
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    with pytest.raises(HazardError) as error:
        lint(["SELECT 1"], 18, in_transaction=True)
    assert str(error.value) == "squawk could not read the SQL: no such option."
