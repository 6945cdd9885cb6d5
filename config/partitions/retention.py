"""Months that are too old: detached, archived, dropped."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.core.management.base import CommandError
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.console import counted_bytes
from config.dumps import ClientProgramError, ClientPrograms, new_backup
from config.partitions.attempts import Attempt
from config.partitions.live_partitions import Partition
from config.partitions.table_locks import lock_out_writers, rows, run, try_to_drop
from config.postgres import DETACHED, month_range, shifted
from config.postgres.catalog import literal

LOCK_WAIT = 10_000  # milliseconds, for a detached month, to which no row is written


def outdated(partitions: Sequence[Partition], oldest: date) -> list[Partition]:
    """Return the partitions that end before the month `oldest` begins, and detached ones."""
    begin, _ = month_range(oldest)
    return [partition for partition in partitions if partition.end and partition.end <= begin]


def oldest_kept(now: date, keep: int) -> date:
    """Return the first of `keep` months, of which that of `now` is the last."""
    return shifted(now, 1 - keep)


@dataclass(frozen=True)
class Retention:
    """What happens to the outdated partitions of `table`, as db_table gives it."""

    connection: BaseDatabaseWrapper
    table: str
    attempt: Attempt
    say: Callable[[str], None]

    def detach(self, partition: Partition) -> None:
        """Make an ordinary table of the partition, which refers to no other.

        Its comment tells what it was, so that a later run finds it whatever its name and columns.
        """
        if partition.attached:
            self.attempt(lambda: self._detach(partition))
            self.say(f"Detached {partition.name}.")
        self.attempt(lambda: self._drop_foreign_keys(partition))

    def drop(self, partition: Partition) -> None:
        """Drop the partition, which need not be detached before."""
        self.attempt(lambda: self._run(f"DROP TABLE {partition.sql_name}"))
        self.say(f"Dropped {partition.name}.")

    def archive(self, partition: Partition, tools: ClientPrograms, directory: Path) -> None:
        """Detach the partition, dump it into a file of `directory`, and drop it.

        It is dumped when no row can arrive any longer. Raise CommandError if that fails; then it
        stays as it is for another run. If a view is in the way, django.db.Error is raised before
        anything is done, or each night would add a dump.
        """
        self.attempt(lambda: try_to_drop(self.connection, partition.sql_name))
        try:
            self._try_to_dump(partition, tools)
            with new_backup(directory, partition.name) as (unfinished, path):
                self.detach(partition)
                self._dump(partition, tools, unfinished)
        except (ClientProgramError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise CommandError(
                f"{partition.name} could not be archived in {directory}: {reason}. It is not "
                "dropped. Fix this, and run the same command again."
            ) from error
        self.say(f"Archived {partition.name}: {path} ({counted_bytes(path.stat().st_size)}).")
        self.drop(partition)

    def _detach(self, partition: Partition) -> None:
        table = self.connection.ops.quote_name(self.table)
        with transaction.atomic(using=self.connection.alias):
            lock_out_writers(self.connection, table)
            [(of, bounds)] = rows(self.connection, BOUNDS, [table, partition.sql_name])
            note = DETACHED.format(table=of, name=partition.name) + bounds
            self._run(f"ALTER TABLE {table} DETACH PARTITION {partition.sql_name}")
            self._run(f"COMMENT ON TABLE {partition.sql_name} IS {literal(note)}")

    def _drop_foreign_keys(self, partition: Partition) -> None:
        """Let a user be deleted without a look at the detached month.

        It takes a lock of `users`: to wait for it with the locks of _detach() could be a deadlock.
        """
        name = partition.sql_name
        with transaction.atomic(using=self.connection.alias):
            for (key,) in rows(self.connection, FOREIGN_KEYS, [name]):
                # On a cluster, the shards have keys of other names.
                self._run(f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {key}")

    def _try_to_dump(self, partition: Partition, tools: ClientPrograms) -> None:
        """Dump what makes the table: if pg_dump cannot connect, the month stays attached."""
        table = f"--table={partition.sql_name}"
        tools.run(
            tools.command(
                "pg_dump",
                *("--no-password", "--schema-only", table, f"--file={os.devnull}"),
                f"--lock-wait-timeout={LOCK_WAIT}",
            )
        )

    def _dump(self, partition: Partition, tools: ClientPrograms, path: Path) -> None:
        """Dump the detached partition, and read the file to its end."""
        tools.run(
            tools.command(
                "pg_dump",
                *("--no-password", "--format=custom", "--encoding=UTF8"),
                f"--lock-wait-timeout={LOCK_WAIT}",
                f"--table={partition.sql_name}",
                f"--file={path}",
            )
        )
        restore = str(tools.bin / "pg_restore")
        if b" TABLE DATA " not in tools.run([restore, "--list", str(path)]):
            raise ClientProgramError("the dump lacks the rows")
        tools.run([restore, f"--file={os.devnull}", str(path)])

    def _run(self, sql: str) -> None:
        run(self.connection, sql)


BOUNDS = """
    SELECT divided.relnamespace::regnamespace || '.' || divided.relname,
           pg_get_expr(c.relpartbound, c.oid)
      FROM pg_class AS divided, pg_class AS c
     WHERE divided.oid = %s::regclass AND c.oid = %s::regclass
"""
FOREIGN_KEYS = """
    SELECT quote_ident(conname) FROM pg_constraint
     WHERE conrelid = %s::regclass AND contype = 'f'
"""
