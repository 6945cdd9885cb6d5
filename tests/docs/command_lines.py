"""Command lines of the documents, run one after the other in a copy of the project."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from subprocess import CompletedProcess

from tests.support.processes import execute, fork

COMMAND = "python manage.py "
FOLLOW = """
import runpy, subprocess, sys
from contextlib import redirect_stdout
for line in sys.argv[1:]:
    print("$", line, flush=True)
    command, _, target = line.partition(" > ")
    words = subprocess.check_output(["bash", "-c", f"printf '%s\\\\n' {command}"], text=True)
    sys.argv = words.splitlines()[1:]
    with redirect_stdout(open(target, "w") if target else sys.stdout):
        runpy.run_path("manage.py", run_name="__main__")
"""
"""Run commands of manage.py in one process; a shell expands their words."""


def run_commands(
    lines: Iterable[str], copy: Path, variables: Mapping[str, object], status: int = 0
) -> str:
    """Run commands of manage.py in one process, because most are faster than the start of Django.

    Check that the last command ends with `status`, and all others without an error.
    """
    lines = list(lines)
    printed = output(fork(copy, ["-c", FOLLOW, *lines], variables), status)
    assert [line for line in lines if f"$ {line}\n" not in printed] == []
    return printed


def run_shell(script: str, copy: Path, variables: Mapping[str, object]) -> None:
    output(execute(["bash", "-e", "-c", script], variables, copy))


def output(process: CompletedProcess[str], status: int = 0) -> str:
    assert process.returncode == status, f"{process.args}\n{process.stdout}\n{process.stderr}"
    return process.stdout
