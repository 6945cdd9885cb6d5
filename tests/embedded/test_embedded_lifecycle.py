"""The lifetime of the embedded server: as long as that of its clients, even after a kill."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.embedded import (
    Client,
    copy_initialized,
    has_keeper,
    is_stopped,
    keeper_pid,
    kill,
    server_pid,
)
from tests.support.processes import eventually, printed, run

FORK = """
import os, sys
from pathlib import Path
from config.embedded.data_directory import DataDirectory
from config.embedded.server import EmbeddedServer

server = EmbeddedServer(Path(sys.argv[1]))
before = server.address("learning_platform")
if child := os.fork():
    os.waitpid(child, 0)
    print(DataDirectory(server.directory).address() == before)
"""
THREADS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from config.embedded.server import EmbeddedServer

server = EmbeddedServer(Path(sys.argv[1]))
with ThreadPoolExecutor() as threads:
    print(len(set(threads.map(server.address, ["learning_platform"] * 8))))
"""


@pytest.fixture
def directory(initialized: Path) -> Iterator[Path]:
    """Yield a data directory without a running server or keeper, and check that none remains."""
    yield initialized
    assert eventually(lambda: is_stopped(initialized))
    assert eventually(lambda: not has_keeper(initialized))


@contextmanager
def bystander_of_same_user(directory: Path) -> Iterator[subprocess.Popen[str]]:
    user = directory.stat().st_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "100"], user=user, text=True) as process:
        yield process
        process.kill()


def give_pid_of_server_to(process: subprocess.Popen[str], directory: Path) -> None:
    """Kill the server, and write the pid of `process` to its pid file, as if the pid was reused."""
    kill(server_pid(directory))
    pid_file = directory / "postmaster.pid"
    _, *rest = pid_file.read_text().splitlines(keepends=True)
    pid_file.write_text("".join([f"{process.pid}\n", *rest]))


def hold_lock_of_keeper(directory: Path) -> None:
    """Wait for the lock of the clients as the keeper does, and hold it for longer."""
    with (directory / "clients.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        time.sleep(0.5)


def remove(directory: Path) -> None:
    """Remove the directory repeatedly, because a running server creates new files in it."""

    def is_removed() -> bool:
        shutil.rmtree(directory, ignore_errors=True)
        return not directory.exists()

    assert eventually(is_removed)


def test_two_clients__share_a_server_until_the_last_ends(directory: Path) -> None:
    with Client(directory) as first:
        with Client(directory) as second:
            server = first.query()
            assert second.query() == server
        assert first.query() == server
    assert is_stopped(directory)


def test_data_after_a_restart_of_the_server__is_kept(directory: Path) -> None:
    with Client(directory) as client:
        client.query("CREATE TABLE kept AS SELECT 42 AS answer")
    with Client(directory) as client:
        assert client.query("SELECT answer FROM kept") == "42"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_server_after_a_signal_ended_its_client__is_stopped(directory: Path, name: str) -> None:
    with Client(directory) as client:
        client.query()
        client.end_by(signal.Signals[name])
    assert eventually(lambda: is_stopped(directory))


def test_client_after_kill_of_a_server_whose_pid_is_reused__gets_another_server(
    directory: Path,
) -> None:
    with Client(directory) as client:
        killed = client.query()
        with bystander_of_same_user(directory) as bystander:
            give_pid_of_server_to(bystander, directory)
            assert client.query() > killed


def test_process_that_reuses_the_pid_of_a_killed_server__is_not_stopped(directory: Path) -> None:
    with bystander_of_same_user(directory) as bystander:
        with Client(directory) as client:
            client.query()
            give_pid_of_server_to(bystander, directory)
        assert eventually(lambda: not has_keeper(directory))
        assert bystander.poll() is None


def test_keeper_after_its_kill__is_replaced_by_that_of_the_next_client(
    directory: Path,
) -> None:
    with Client(directory) as first:
        server = first.query()
        kill(keeper_pid(directory))
        assert not has_keeper(directory)
        with Client(directory) as second:
            assert second.query() == server
            assert has_keeper(directory)
            first.end_by(signal.SIGKILL)
            assert second.query() == server
            kill(keeper_pid(directory))
    assert is_stopped(directory)


def test_server_whose_last_client_ends_while_the_keeper_checks__is_stopped_by_the_client(
    directory: Path,
) -> None:
    with ThreadPoolExecutor() as threads:
        with Client(directory) as client:
            client.query()
            kill(keeper_pid(directory))
            threads.submit(hold_lock_of_keeper, directory)
        assert is_stopped(directory)


def test_server_after_kill_of_client_and_keeper__is_stopped_by_the_next_client(
    directory: Path,
) -> None:
    with Client(directory) as killed:
        server = killed.query()
        kill(keeper_pid(directory))
        killed.end_by(signal.SIGKILL)
    with Client(directory) as client:
        assert client.query() == server
    assert is_stopped(directory)


def test_client_after_kill_of_everything__gets_a_server(directory: Path) -> None:
    with Client(directory) as killed:
        killed.query()
        kill(keeper_pid(directory))
        kill(server_pid(directory))
        killed.end_by(signal.SIGKILL)
    with Client(directory) as client:
        assert client.query()


def test_four_clients_started_at_once__find_the_same_server(fresh: Path) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(Client(fresh)) for _ in range(4)]
        for client in clients:
            client.ask()
        assert len({client.answer() for client in clients} - {""}) == 1


@pytest.mark.parametrize("moment", ["initdb.unfinished/base", "PG_VERSION"])
def test_first_start_after_kill_of_an_earlier_one__succeeds(fresh: Path, moment: str) -> None:
    with Client(fresh) as killed:
        killed.ask()
        assert eventually((fresh / moment).exists)
        killed.end_by(signal.SIGKILL)
    with Client(fresh) as client:
        assert client.query("SELECT current_database()") == "learning_platform"


def test_server_whose_client_was_killed_while_it_started__is_stopped(directory: Path) -> None:
    with Client(directory) as client:
        client.ask()
        assert eventually((directory / "postmaster.pid").exists)
        client.end_by(signal.SIGKILL)
    assert eventually(lambda: not has_keeper(directory))
    assert is_stopped(directory)


def test_start_right_after_kill_of_one_that_started_the_server__succeeds(directory: Path) -> None:
    with Client(directory) as killed:
        killed.ask()
        assert eventually((directory / "postmaster.pid").exists)
        killed.end_by(signal.SIGKILL)
    with Client(directory) as client:
        assert client.query("SELECT current_database()") == "learning_platform"


def test_server_whose_client_was_interrupted_while_it_started__is_stopped(
    directory: Path,
) -> None:
    with Client(directory) as client:
        client.ask()
        assert eventually((directory / "postmaster.pid").exists)
        os.killpg(client.pid, signal.SIGINT)
    assert is_stopped(directory)


def test_clients_after_their_directory_was_removed__share_a_new_server(fresh: Path) -> None:
    copy_initialized(fresh)
    with Client(fresh) as first, Client(fresh) as second:
        lost = first.query()
        lost_server = server_pid(fresh)
        remove(fresh)
        assert first.query() == second.query() > lost
        second.end()
        assert not is_stopped(fresh)
    kill(lost_server)


def test_server_after_the_end_of_a_forked_child__runs(directory: Path) -> None:
    assert printed(run("-c", FORK, directory)) == "True"


def test_first_connections_of_eight_threads__find_one_server(directory: Path) -> None:
    assert printed(run("-c", THREADS, directory)) == "1"
