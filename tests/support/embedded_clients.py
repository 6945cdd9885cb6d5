"""python -m tests.support.embedded_clients FD: a process whose forks use an embedded server.

Forks save time, because importing psycopg takes longer than using it. Each message on the socket FD
has a data directory and the socket of a new client; the answer is the client's pid. Each line on a
client's socket is a query for a new connection; the answer is a line as well.
"""

import atexit
import gc
import os
import signal
import socket
import sys
from pathlib import Path

import psycopg

from config.embedded import first_database  # noqa: F401  imported for the forks
from config.embedded.server import EmbeddedServer
from tests.support.processes import PATIENCE


def main(control: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # reap ended clients without waiting
    while True:
        message, descriptors, *_ = socket.recv_fds(control, 1 << 16, 1)
        if not message:
            return
        if (pid := os.fork()) == 0:
            control.close()
            become(descriptors[0], Path(os.fsdecode(message)))
            atexit._run_exitfuncs()
            os._exit(0)  # skip the teardown of all modules, which takes longer
        os.close(descriptors[0])
        control.sendall(f"{pid}\n".encode())


def become(descriptor: int, directory: Path) -> None:
    """Turn this fork into a client whose stdin and stdout are the socket `descriptor`."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.alarm(PATIENCE)
    os.setsid()
    for number in (0, 1):
        os.dup2(descriptor, number)
    os.close(descriptor)
    answer_queries(EmbeddedServer(directory))


def answer_queries(server: EmbeddedServer) -> None:
    for query in sys.stdin:
        address = server.address("learning_platform")
        with psycopg.connect(
            host=address.socket_directory,
            port=address.port,
            user="postgres",
            dbname="learning_platform",
        ) as connection:
            cursor = connection.execute(query.encode())
            answer = cursor.fetchone() if cursor.description else ["done"]
        print(*(answer or ()), flush=True)  # last, because the reader may stop the server at once


if __name__ == "__main__":
    gc.freeze()  # otherwise, garbage collection in a fork copies the shared memory
    main(socket.socket(fileno=int(sys.argv[1])))
