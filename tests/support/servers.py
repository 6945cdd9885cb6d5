"""PostgreSQL servers for DATABASE_URL, PgBouncer, and imitations of other servers."""

import os
import shutil
import socket
import socketserver
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import psycopg

from config.embedded.data_directory import BIN
from tests.support.embedded import initialized_once
from tests.support.processes import AS_NOBODY, NOBODY, environment, eventually

PASSWORD = "p@ss/w?rd #1"
PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


@dataclass(frozen=True)
class Server:
    """A server on this machine, whose roles all have the same password."""

    port: int

    def url(self, database: str, user: str = "postgres", password: str = PASSWORD) -> str:
        return f"postgres://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.url(database), autocommit=True)

    def execute(self, *statements: str, database: str = "postgres") -> None:
        with self.connect(database) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def tables_and_types(self, database: str) -> list[str]:
        """Return the names of the tables and types in the schema public."""
        with self.connect(database) as connection:
            query = """
                SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
                UNION SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
                ORDER BY 1
            """
            return [name for (name,) in connection.execute(query)]


@contextmanager
def password_server() -> Iterator[Server]:
    """Run a server with passwords and Tokyo's time zone, unlike the embedded server."""
    with _directory_of_nobody() as directory, reserved_port() as port:
        _run(directory, "cp", "-R", initialized_once(), "data")  # faster than initdb
        password = f"ALTER ROLE postgres PASSWORD '{PASSWORD}'"
        _run(directory, BIN / "postgres", "--single", "-D", "data", "postgres", stdin=password)
        hba = directory / "data/pg_hba.conf"
        hba.write_text("host all all 127.0.0.1/32 scram-sha-256")
        server = Server(port)
        options = {
            "fsync": "off",
            "listen_addresses": "127.0.0.1",
            "port": server.port,
            "timezone": "Asia/Tokyo",
            "unix_socket_directories": "",
        }
        settings = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        _run(directory, BIN / "pg_ctl", "start", "-wsD", "data", "-l", "log", "-o", settings)
        try:
            yield server
        finally:
            _run(directory, BIN / "pg_ctl", "stop", "-wsD", "data", "-m", "immediate")


@contextmanager
def pgbouncer(server: Server) -> Iterator[Server]:
    """Run PgBouncer in transaction mode, with two connections to `server` for each database."""
    assert PGBOUNCER is not None
    with _directory_of_nobody() as directory, reserved_port() as port:
        front = Server(port)
        (directory / "pgbouncer.ini").write_text(f"""
            [databases]
            * = host=127.0.0.1 port={server.port} user=postgres password='{PASSWORD}'
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {front.port}
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            default_pool_size = 2
        """)
        command = [*AS_NOBODY, PGBOUNCER, "--quiet", "pgbouncer.ini"]
        process = subprocess.Popen(command, cwd=directory)
        try:
            assert eventually(lambda: accepts(front.port))
            yield front
        finally:
            process.terminate()
            process.wait()


@contextmanager
def server_of_version(version: str) -> Iterator[Server]:
    """Run an imitation of a server, which only tells a client its version.

    No package of this project contains a version of PostgreSQL that is too old.
    """

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.read_startup_packet() in (80877103, 80877104):  # requests for TLS and GSSAPI
                self.wfile.write(b"N")
            self.write_message(b"R", bytes(4))  # authentication is not required
            for name, value in {"server_version": version, "client_encoding": "UTF8"}.items():
                self.write_message(b"S", f"{name}\0{value}\0".encode())
            self.write_message(b"Z", b"I")  # ready for a query
            self.rfile.read()  # until the client closes the connection

        def read_startup_packet(self) -> int:
            length = int.from_bytes(self.rfile.read(4))
            return int.from_bytes(self.rfile.read(length - 4)[:4])

        def write_message(self, kind: bytes, content: bytes) -> None:
            self.wfile.write(kind + (len(content) + 4).to_bytes(4) + content)

    with _listening(Handler) as server:
        yield server


@contextmanager
def greeter(greeting: bytes) -> Iterator[Server]:
    """Run a server of another kind, which sends `greeting` first."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(greeting)
            self.rfile.read()

    with _listening(Handler) as server:
        yield server


@contextmanager
def _listening(handler: type[socketserver.StreamRequestHandler]) -> Iterator[Server]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as listener:
        Thread(target=listener.serve_forever, daemon=True).start()
        try:
            yield Server(listener.server_address[1])
        finally:
            listener.shutdown()


@contextmanager
def reserved_port() -> Iterator[int]:
    """Yield a port on which a server may listen, and which nothing else gets until the block ends.

    Until a server listens there, it is closed.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # servers set it, too
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


def accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _directory_of_nobody() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        if AS_NOBODY:
            os.chown(directory, NOBODY, NOBODY)
        yield Path(directory)


def _run(directory: Path, *command: object, stdin: str = "") -> None:
    subprocess.run(
        [*AS_NOBODY, *map(str, command)],
        check=True,
        cwd=directory,
        env=environment(),
        input=stdin,
        text=True,
        stdout=subprocess.DEVNULL,
    )
