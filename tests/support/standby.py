"""A primary server and its standby; both run the PostgreSQL of the embedded package."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, LiteralString
from urllib.parse import quote

import psycopg
from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.sql import SQL, Composed

from config.database_url import parse_database_url
from config.embedded.data_directory import SUPERUSER, DataDirectory
from tests.support.embedded import copy_initialized
from tests.support.processes import eventually

DATABASE = "postgres"
CONFIGURATION = """
fsync = off
autovacuum = off
full_page_writes = off
wal_retrieve_retry_interval = 100ms
max_standby_streaming_delay = 0
"""


@contextmanager
def running_pair() -> Iterator["Pair"]:
    """Run the two servers in a new directory, which is not below pytest's private directory."""
    with TemporaryDirectory() as directory:
        pair = Pair(Path(directory))
        try:
            pair.start()
            yield pair
        finally:
            pair.stop()


type Query = LiteralString | bytes | SQL | Composed


class Pair:
    """A primary and its standby, which can be paused, cut off, frozen and stopped."""

    def __init__(self, directory: Path) -> None:
        self.primary = DataDirectory(directory / "primary")
        self.standby = DataDirectory(directory / "standby")

    def start(self) -> None:
        """Create the primary and its standby, and start both."""
        copy_initialized(self.primary.directory)
        self.standby.directory.mkdir()
        self.standby._give_to_system_user()
        with (self.primary.directory / "postgresql.conf").open("a") as file:
            file.write(CONFIGURATION)
        self.primary.start()
        self.standby._run(
            *("pg_basebackup", "--pgdata=.", "--write-recovery-conf", "--checkpoint=fast"),
            *("--host", self.primary.directory, "--username", SUPERUSER, "--no-sync"),
        )
        # The primary's socket is in its directory, so pg_basebackup has copied the socket's lock.
        (self.standby.directory / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        self.standby.start()

    def stop(self) -> None:
        self.standby.stop()
        self.primary.stop()

    def on(self, data_directory: DataDirectory, statement: Query) -> Any:
        """Run a statement on one of the servers; return the first value."""
        with psycopg.connect(url(data_directory), autocommit=True) as session:
            cursor = session.execute(statement)
            row = cursor.fetchone() if cursor.description else None
            return row and row[0]

    def catch_up(self) -> None:
        """Wait until the standby has everything that has been committed on the primary."""
        position = self.on(self.primary, "SELECT pg_current_wal_lsn() - '0/0'")
        replayed: LiteralString = "SELECT pg_last_wal_replay_lsn() - '0/0'"
        assert eventually(lambda: self.on(self.standby, replayed) >= position)

    def disconnect_clients(self, data_directory: DataDirectory) -> None:
        """End the sessions of all clients of one of the servers."""
        self.on(
            data_directory,
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
        )

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Pause the standby, so that it falls behind, until the block ends."""
        self.on(self.standby, "SELECT pg_wal_replay_pause()")
        state: LiteralString = "SELECT pg_get_wal_replay_pause_state()"
        # The standby pauses at the next record of the WAL.
        self.on(self.primary, "SELECT pg_log_standby_snapshot()")
        assert eventually(lambda: bool(self.on(self.standby, state) == "paused"))
        try:
            yield
        finally:
            self.on(self.standby, "SELECT pg_wal_replay_resume()")

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """Cut the standby off from the primary until the block ends."""
        conninfo = self.on(self.standby, "SHOW primary_conninfo")
        receiver: LiteralString = "SELECT count(*) FROM pg_stat_wal_receiver"
        self.on(self.standby, "ALTER SYSTEM SET primary_conninfo = ''")
        self.on(self.standby, "SELECT pg_reload_conf()")
        assert eventually(lambda: self.on(self.standby, receiver) == 0)
        try:
            yield
        finally:
            statement = SQL("ALTER SYSTEM SET primary_conninfo = {}").format(conninfo)
            self.on(self.standby, statement)
            self.on(self.standby, "SELECT pg_reload_conf()")

    @contextmanager
    def hanging(self, connection: BaseDatabaseWrapper) -> Iterator[None]:
        """Freeze the standby and its process for `connection`, if it is one to the standby."""
        if connection.alias == "default":
            yield
            return
        postmaster = int((self.standby.directory / "postmaster.pid").read_text().split()[0])
        processes = (postmaster, connection.connection.info.backend_pid)
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop the standby until the block ends."""
        self.standby.stop()
        try:
            yield
        finally:
            self.standby.start()


def url(data_directory: DataDirectory, name: str = DATABASE, user: str = SUPERUSER) -> str:
    address = data_directory.address()
    directory = address.socket_directory if address else data_directory.directory
    return f"postgres://{user}@/{name}?host={quote(str(directory), safe='')}"


@contextmanager
def databases(**urls: str) -> Iterator[None]:
    """Replace the databases of the project by those at `urls`, until the block ends."""
    settings = {alias: parse_database_url(address) for alias, address in urls.items()}
    before = connections.settings, connections["default"]
    connections.settings = connections.configure_settings(settings)
    for alias in settings:
        connections[alias] = connections.create_connection(alias)
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        for alias in settings:
            connections[alias].close()
            del connections[alias]
        connections.settings, connections["default"] = before
        ContentType.objects.clear_cache()
