"""pg_dump and pg_restore of a version that knows the server, and how they find it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import pq
from psycopg.conninfo import make_conninfo

from config.postgres.embedded import BIN

INSTALLED = (  # by Debian, Red Hat, Homebrew
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
LEFT_OUT = {"password", "sslpassword", "client_encoding"}


class ToolError(CommandError):
    """A program failed; the message is what it said, in one line."""


@dataclass(frozen=True)
class Tools:
    """PostgreSQL's programs in the directory `bin`, for one database."""

    bin: Path
    version: int
    where: str
    """libpq's parameters of the database, without a password."""
    password: str
    role: str
    """What to become after logging in; '' if nobody else."""

    def command(self, program: str, *arguments: object) -> list[str]:
        role = [f"--role={self.role}"] if self.role else []
        return [
            str(self.bin / program),
            f"--dbname={self.where}",
            *role,
            *map(str, arguments),
        ]

    def run(self, command: Sequence[str]) -> str:
        """What the program prints; the files that it makes are for their owner only.

        Raises ToolError.
        """
        env = os.environ | {"LC_ALL": "C"}
        if self.password:
            env["PGPASSWORD"] = self.password  # which other users of the machine cannot see
        process = subprocess.run(  # noqa: S603
            [*command], capture_output=True, text=True, errors="replace", env=env, umask=0o077
        )
        if process.returncode:
            raise ToolError(_reason(process.stderr) or f"exit status {process.returncode}")
        return process.stdout


def find_tools(connection: BaseDatabaseWrapper) -> Tools:
    """The programs of the server's own version, else of the next newer one that is there.

    Raises CommandError if there is none.
    """
    connection.ensure_connection()
    info = connection.connection.info
    wanted = info.server_version // 10000
    found = {version: path for path in _directories() if (version := _version(path))}
    version = nearest(found, wanted)
    if version is None:
        there = ", ".join(map(str, sorted(found)))
        problem = f"only of version {there}" if there else "not there"
        raise CommandError(
            f"No backup can be written: for a server of PostgreSQL {wanted}, pg_dump is {problem}. "
            f"Nothing was changed. Install PostgreSQL {wanted}'s client programs (Debian: "
            f"postgresql-client-{wanted}), or make a backup in your own way and add --no-backup."
        )
    role = connection.settings_dict["OPTIONS"].get("assume_role") or ""
    return Tools(found[version], version, _where(connection), info.password, role)


def nearest(versions: Iterable[int], wanted: int) -> int | None:
    """The version of programs that know a server of version `wanted`, and can also restore there.

    From 17 on pg_restore sets transaction_timeout, which older servers take for an error.
    """
    fitting = (v for v in versions if v >= wanted and (wanted >= 17 or v < 17))
    return min(fitting, default=None)


def _where(connection: BaseDatabaseWrapper) -> str:
    """The parameters that were set. All that are in force would be too many: psycopg's libpq has
    more of them than that of older programs."""
    parameters: dict[str, Any] = connection.get_connection_params()
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    return make_conninfo(
        **{name: parameters[name] for name in parameters if name in known - LEFT_OUT}
    )


def _directories() -> Iterator[Path]:
    """Where they may be; of two of the same version the last one counts."""
    yield from BIN.parents[1].glob("pginstall*/bin")
    for pattern in INSTALLED:
        yield from sorted(Path("/").glob(pattern.lstrip("/")))
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent


def _version(directory: Path) -> int | None:
    """The major version of the programs in `directory`; None if they are not there, or broken."""
    versions = set()
    for program in ("pg_dump", "pg_restore"):
        try:
            output = subprocess.run(  # noqa: S603
                [directory / program, "--version"], capture_output=True, text=True, check=True
            ).stdout
        except (OSError, subprocess.CalledProcessError):
            return None
        if match := re.search(r"\(PostgreSQL\) (\d+)", output):
            versions.add(int(match[1]))
    return min(versions, default=None)


def _reason(stderr: str) -> str:
    """The first complaint, with its DETAIL; what follows is a consequence, or the query."""
    _, _, complaint = stderr.partition("error: ")
    complaint, _, _ = (complaint or stderr).partition("\nHINT: ")
    complaint, _, _ = complaint.partition("\nCommand was: ")
    lines = [line for line in complaint.splitlines() if not re.match("pg_(dump|restore): ", line)]
    return " ".join(" ".join(lines).split()).rstrip(".")
