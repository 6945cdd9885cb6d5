"""Commands whose output cannot be written, and that fail with one line."""

import shlex

import pytest

from tests.support.processes import PYTHON, execute

FULL = "The output cannot be written: No space left on device."


@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        ("check >/dev/full", 1, f"manage.py check: {FULL}"),
        ("diffsettings >/dev/full", 1, f"manage.py diffsettings: {FULL}"),
        ("check >&-", 1, "manage.py check: The output cannot be written: stdout is closed."),
    ],
)
def test_command_whose_output_cannot_be_written__fails_with_the_reason(
    command: str, status: int, message: str
) -> None:
    line = f"{shlex.join(PYTHON)} manage.py {command}"
    process = execute(["sh", "-c", line], {})
    assert (process.returncode, process.stderr) == (status, f"{message}\n")
