"""The embedded server, shared by all processes of this project that use it.

File locks show which processes are alive, because the kernel releases the locks of a process that
was killed. (The package's own server class is not used, because its list of pids is wrong then.)

- `clients.lock`: each client holds a shared lock until its process ends. The last client stops the
  server when it exits. The keeper is a process that waits for this lock, and stops the server if
  the last client was killed.
- `keeper.lock`: the keeper holds this lock, so that there is only one keeper.
- The data directory itself: a process locks it while it creates, starts or stops the server, or
  becomes a client.

The keeper loads neither Django nor psycopg, because either import takes longer than the rest of its
work. Therefore only `address()` imports psycopg.
"""

import atexit
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from config.embedded.data_directory import (
    DataDirectory,
    EmbeddedServerError,
    SocketAddress,
    unset_libpq_variables,
)

PROJECT = Path(__file__).parents[2]
LOCK_FILE = os.O_RDWR | os.O_CREAT
NOT_WAITING = fcntl.LOCK_EX | fcntl.LOCK_NB


class EmbeddedServer:
    """The server on the data directory `directory`, for this process as a client or the keeper."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._clients_lock: int | None = None

    def address(self, database: str) -> SocketAddress:
        """Return the address of the server.

        If necessary, create the data directory, start the server and create `database`. The server
        then runs at least until this process ends. Raise EmbeddedServerError if it cannot be used.
        """
        data_directory = DataDirectory(self.directory)
        if self._clients_lock is not None and (address := data_directory.address()):
            return address
        from config.embedded.first_database import ensure_database

        unset_libpq_variables()
        try:
            with suppress(FileExistsError):
                self.directory.mkdir(parents=True)
            with self._locked_directory() as data_directory:
                data_directory.create()
                self._join_clients()
                self._ensure_keeper()
                address = data_directory.start()
                ensure_database(database, address, data_directory)
        except OSError as error:
            raise EmbeddedServerError(
                f"The data directory {self.directory} of the embedded server cannot be used: "
                f"{error.strerror}. Set EMBEDDED_POSTGRES_DIR to a directory that you can write to."
            ) from error
        return address

    def keep(self, keeper_lock: int) -> None:
        """Stop the server when no client is left, and close the descriptor `keeper_lock`."""
        while True:
            with _locked(self.directory / "clients.lock"):
                pass  # at this moment no client was left
            with self._locked_directory() as data_directory:
                if not self._is_used():
                    data_directory.stop()
                    # The directory is still locked, so the next client will start a keeper.
                    os.close(keeper_lock)
                    return

    @contextmanager
    def _locked_directory(self) -> Iterator[DataDirectory]:
        """Lock the data directory, so that no other process creates, starts or stops the server."""
        with _locked(self.directory, flags=os.O_RDONLY | os.O_DIRECTORY) as lock:
            yield DataDirectory(self.directory, lock)

    def _join_clients(self) -> None:
        # Open the file even if it is open already, because the directory may have been removed.
        lock = os.open(self.directory / "clients.lock", LOCK_FILE, 0o600)
        fcntl.flock(lock, fcntl.LOCK_SH)
        if self._clients_lock is None:
            atexit.register(self._leave_clients)
        else:
            os.close(self._clients_lock)
        self._clients_lock = lock

    def _leave_clients(self) -> None:
        if self._clients_lock is not None:
            os.close(self._clients_lock)  # in a forked child, the parent keeps the lock
        # The directory may have been removed.
        with suppress(OSError), self._locked_directory() as data_directory:
            if not self._is_used():
                data_directory.stop()

    def _is_used(self) -> bool:
        """Return whether there is a client. Call this while the directory is locked."""
        for _ in range(2):
            with suppress(BlockingIOError), _locked(self.directory / "clients.lock", NOT_WAITING):
                return False
            # The keeper takes the lock for a moment when no client is left. Wait until it is free.
            with _locked(self.directory / "clients.lock", fcntl.LOCK_SH):
                pass
        return True

    def _ensure_keeper(self) -> None:
        with (
            suppress(BlockingIOError),
            _locked(self.directory / "keeper.lock", NOT_WAITING) as keeper_lock,
        ):
            keeper = subprocess.Popen(
                [sys.executable, "-m", "config.embedded.keeper", self.directory],
                cwd=PROJECT,
                stdin=keeper_lock,  # the keeper inherits the lock, and holds it until it ends
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            keeper.returncode = 0  # otherwise Python warns that the process is still running


@contextmanager
def _locked(path: Path, operation: int = fcntl.LOCK_EX, flags: int = LOCK_FILE) -> Iterator[int]:
    """Lock the file or directory until the block ends, and yield its descriptor.

    With LOCK_NB, raise BlockingIOError if another process has the lock.
    """
    lock = os.open(path, flags, 0o600)
    try:
        fcntl.flock(lock, operation)
        yield lock
    finally:
        os.close(lock)
