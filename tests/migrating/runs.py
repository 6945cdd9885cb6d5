"""Runs of migrate in separate processes, cut short at a statement."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings

from tests.support.processes import PATIENCE, PROJECT, PYTHON


@dataclass(frozen=True)
class Run:
    """The outcome of a run."""

    status: int
    err: str
    statements: int


class Cutter:
    """A client of the process tests.migrating.cutter."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def run(self, database: str, way: str = "kill", number: int = 0) -> Run:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{database} {way} {number}\n")
        self.process.stdin.flush()
        return Run(**json.loads(self.process.stdout.readline()))


@contextmanager
def cutter(*apps: str, **variables: object) -> Iterator[Cutter]:
    """Start the process with `apps`, or all apps, on the server of the tests or of `variables`."""
    default = settings.DATABASES["default"]
    server = {name: default[name] for name in ("EMBEDDED_POSTGRES_DIR",) if name in default}
    process = subprocess.Popen(
        [*PYTHON, "-m", "tests.migrating.cutter", *apps],
        cwd=PROJECT,
        env=os.environ | {name: str(value) for name, value in (server | variables).items()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Cutter(process)
    finally:
        process.communicate(timeout=PATIENCE)
