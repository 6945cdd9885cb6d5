"""The embedded server, shared by all processes of this project that want it.

The package's own bookkeeping is not used: it counts clients by their pids in a file, which a
`kill -9` leaves wrong. Here the kernel counts, by file locks:

- `clients.lock`: each client holds it shared for as long as it lives. When nobody does, the server
  is stopped: by the last client as it exits, or else by the keeper, a process that waits for this
  moment in case the last client is killed.
- `keeper.lock`: held by the keeper, so that there is one.
- the data directory itself: held by whoever makes, starts or stops the server, or joins its
  clients.

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

from config.postgres.embedded.cluster import (
    SUPERUSER,
    Address,
    Cluster,
    EmbeddedServerError,
    forget_libpq_variables,
)

PROJECT = Path(__file__).parents[3]


class EmbeddedServer:
    """This process's share in the server on `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._clients_lock: int | None = None

    def address(self, database: str) -> Address:
        """Where the server listens, which is made, started, and given `database` if need be.

        From the first call on the server is kept running until this process ends.
        Raises EmbeddedServerError.
        """
        cluster = Cluster(self.directory)
        if self._clients_lock is not None and (address := cluster.address()):
            return address
        forget_libpq_variables()
        try:
            with suppress(FileExistsError):
                self.directory.mkdir(parents=True)
            with self._alone() as cluster:
                cluster.make()
                self._join_clients()
                self._ensure_keeper()
                address = cluster.start()
                _ensure_database(address, database)
        except OSError as error:
            raise EmbeddedServerError(
                f"The data directory {self.directory} of the embedded server cannot be used: "
                f"{error.strerror}. Set EMBEDDED_POSTGRES_DIR to a directory that you may write to."
            ) from error
        except psycopg.Error as error:
            raise EmbeddedServerError(cluster.failed("does not work", str(error))) from error
        return address

    def keep(self, keeper_lock: int) -> None:
        """Wait until no client is left, then stop the server; `keeper_lock` is ours meanwhile."""
        while True:
            self._wait_for_clients()
            with self._alone() as cluster:
                if not self._is_used():
                    cluster.stop()
                    os.close(keeper_lock)  # while alone: the next client needs another keeper
                    return

    @contextmanager
    def _alone(self) -> Iterator[Cluster]:
        """The cluster, for one process at a time to make, start or stop it."""
        lock = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield Cluster(self.directory, lock)
        finally:
            os.close(lock)

    def _join_clients(self) -> None:
        lock = self._open_lock("clients.lock")  # anew: the directory may have been removed
        fcntl.flock(lock, fcntl.LOCK_SH)
        if self._clients_lock is None:
            atexit.register(self._leave_clients)
        else:
            os.close(self._clients_lock)
        self._clients_lock = lock

    def _leave_clients(self) -> None:
        if self._clients_lock is not None:
            os.close(self._clients_lock)  # the end of a forked child leaves the lock to its parent
        with suppress(OSError), self._alone() as cluster:  # the directory may have been removed
            if not self._is_used():
                cluster.stop()

    def _is_used(self) -> bool:
        """Whether there is a client. To be asked while alone: nobody joins meanwhile."""
        clients_lock = self._open_lock("clients.lock")
        try:
            fcntl.flock(clients_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(clients_lock)
        return False

    def _wait_for_clients(self) -> None:
        clients_lock = self._open_lock("clients.lock")
        fcntl.flock(clients_lock, fcntl.LOCK_EX)
        os.close(clients_lock)

    def _ensure_keeper(self) -> None:
        keeper_lock = self._open_lock("keeper.lock")
        try:
            fcntl.flock(keeper_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            keeper = subprocess.Popen(
                [sys.executable, "-m", "config.postgres.embedded.keeper", self.directory],
                cwd=PROJECT,
                stdin=keeper_lock,  # the lock goes along, and lives as long as the keeper
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


def _ensure_database(address: Address, name: str) -> None:
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
