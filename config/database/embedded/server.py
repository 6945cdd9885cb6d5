"""The embedded server, shared by all processes of this project that want it.

The package's own bookkeeping is not used: it counts clients by their pids in a file, which a
`kill -9` leaves wrong. Here the kernel counts, by file locks:

- `clients.lock`: each client holds it shared for as long as it lives. Who gets it exclusively is
  alone, and stops the server: the last client as it exits, or else the keeper, a process that
  waits for this moment in case the last client is killed.
- `keeper.lock`: held by the keeper, so that there is one.
- the data directory itself: held by whoever makes or starts the server.

This module knows nothing of Django.
"""

import atexit
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql

from config.database.embedded.cluster import SUPERUSER, Address, Cluster, EmbeddedServerError

PROJECT = Path(__file__).parents[3]


class EmbeddedServer:
    """This process's share in the server on `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.cluster = Cluster(directory)
        self._clients_lock: int | None = None

    def address(self, database: str) -> Address:
        """Where the server listens, which is made, started, and given `database` if need be.

        From the first call on the server is kept running until this process ends.
        Raises EmbeddedServerError.
        """
        if self._clients_lock is not None and (address := self.cluster.address()):
            return address
        try:
            with self._alone():
                self.cluster.make()
                self._join_clients()
                if not (address := self.cluster.address()):
                    address = self.cluster.start()
                    _make_database(address, database)
                self._ensure_keeper()
        except OSError as error:
            raise EmbeddedServerError(
                f"The data directory {self.directory} of the embedded server cannot be used: "
                f"{error.strerror}. Set EMBEDDED_POSTGRES_DIR to a directory that you may write to."
            ) from error
        except psycopg.Error as error:
            raise EmbeddedServerError(self.cluster.failed("does not work", str(error))) from error
        return address

    def stop_if_unused(self, *, wait_for_clients: bool = False) -> None:
        """Stop the server unless another client uses it; `wait_for_clients`: once none does.

        Returns when the server is down, or when it is sure that somebody else will see to that.
        """
        clients = self._open_lock("clients.lock")
        try:
            fcntl.flock(clients, fcntl.LOCK_EX | (0 if wait_for_clients else fcntl.LOCK_NB))
            self.cluster.stop()
        except BlockingIOError:
            fcntl.flock(clients, fcntl.LOCK_SH)  # waits if the server is being stopped
        finally:
            os.close(clients)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from making or starting the server at the same time."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if not os.access(self.directory, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(None, "Permission denied")
        handle = os.open(self.directory, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _join_clients(self) -> None:
        if self._clients_lock is None:
            self._clients_lock = self._open_lock("clients.lock")
            atexit.register(self._leave_clients, os.getpid())
        fcntl.flock(self._clients_lock, fcntl.LOCK_SH)

    def _leave_clients(self, pid: int) -> None:
        if self._clients_lock is not None and os.getpid() == pid:  # not in a forked child
            os.close(self._clients_lock)
            with suppress(OSError):  # the directory has been removed, and the server with it
                self.stop_if_unused()

    def _ensure_keeper(self) -> None:
        keeper_lock = self._open_lock("keeper.lock")
        try:
            fcntl.flock(keeper_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            keeper = subprocess.Popen(
                [sys.executable, "-m", "config.database.embedded.keeper", self.directory],
                cwd=PROJECT,
                pass_fds=[keeper_lock],  # the lock goes along, and lives as long as the keeper
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            keeper.returncode = 0  # it outlives us; without this Python warns that it still runs
        except BlockingIOError:
            pass
        finally:
            os.close(keeper_lock)

    def _open_lock(self, name: str) -> int:
        return os.open(self.directory / name, os.O_RDWR | os.O_CREAT, 0o600)


def _make_database(address: Address, name: str) -> None:
    with psycopg.connect(
        host=address.socket_directory,
        port=address.port,
        user=SUPERUSER,
        dbname="postgres",
        autocommit=True,
    ) as connection:
        if not connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [name]
        ).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
