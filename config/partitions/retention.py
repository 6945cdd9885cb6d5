"""The detaching, archiving and dropping of old months."""

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
from config.partitions.live_partitions import Partition
from config.partitions.retries import Attempt
from config.partitions.table_locks import block_writes, check_can_be_dropped
from config.postgres import DETACHED, execute, month_range, read_rows
from config.postgres.catalog import literal

LOCK_WAIT = 10_000  # milliseconds that pg_dump waits for the lock of a detached month


def old_partitions(partitions: Sequence[Partition], oldest: date) -> list[Partition]:
    """Return the partitions, attached or not, that end before the month `oldest` begins."""
    begin, _ = month_range(oldest)
    return [partition for partition in partitions if partition.end and partition.end <= begin]


@dataclass(frozen=True)
class Retention:
    """The removal of old partitions of `table`, a db_table."""

    connection: BaseDatabaseWrapper
    table: str
    attempt: Attempt
    say: Callable[[str], None]

    def detach(self, partition: Partition) -> None:
        """Make the partition an ordinary table without foreign keys.

        Its comment records the partitioned table and the bounds, so that a later run recognizes the
        partition even if the name or the columns of the partitioned table have changed.
        """
        if partition.attached:
            self.attempt(lambda: self._detach(partition))
            self.say(f"Detached {partition.name}.")
        self.attempt(lambda: self._drop_foreign_keys(partition))

    def drop(self, partition: Partition) -> None:
        """Drop the partition, attached or not."""
        self.attempt(lambda: self._execute(f"DROP TABLE {partition.sql_name}"))
        self.say(f"Dropped {partition.name}.")

    def archive(self, partition: Partition, tools: ClientPrograms, directory: Path) -> None:
        """Detach the partition, dump it into a file of `directory`, and drop it.

        After the detaching, no row can arrive. Raise CommandError if the dump fails; the partition
        then stays, and the next run archives it.
        """
        # If a view prevents the DROP, raise an error now, because otherwise each run adds a dump.
        self.attempt(lambda: check_can_be_dropped(self.connection, partition.sql_name))
        try:
            self._check_can_be_dumped(partition, tools)
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
            block_writes(self.connection, table)
            [(name, bounds)] = read_rows(self.connection, BOUNDS, [table, partition.sql_name])
            note = DETACHED.format(table=name, name=partition.name) + bounds
            self._execute(f"ALTER TABLE {table} DETACH PARTITION {partition.sql_name}")
            self._execute(f"COMMENT ON TABLE {partition.sql_name} IS {literal(note)}")

    def _drop_foreign_keys(self, partition: Partition) -> None:
        """Drop the foreign keys, so that deleting a user does not read the detached month.

        This locks `users`, which can cause a deadlock in the transaction of _detach().
        """
        name = partition.sql_name
        with transaction.atomic(using=self.connection.alias):
            for (key,) in read_rows(self.connection, FOREIGN_KEYS, [name]):
                # On a Citus cluster, shards have the key under another name. IF EXISTS skips them.
                self._execute(f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {key}")

    def _check_can_be_dumped(self, partition: Partition, tools: ClientPrograms) -> None:
        """Dump only the definition, to raise an error before the detaching if pg_dump fails."""
        table = f"--table={partition.sql_name}"
        tools.dump(os.devnull, "--schema-only", "--no-sync", table, lock_wait=LOCK_WAIT)

    def _dump(self, partition: Partition, tools: ClientPrograms, path: Path) -> None:
        """Dump the detached partition, and read the whole file back."""
        tools.dump(path, f"--table={partition.sql_name}", lock_wait=LOCK_WAIT)
        restore = str(tools.bin / "pg_restore")
        if b" TABLE DATA " not in tools.run([restore, "--list", str(path)], bound=False):
            raise ClientProgramError("the dump lacks the rows")
        tools.run([restore, f"--file={os.devnull}", str(path)])

    def _execute(self, sql: str) -> None:
        execute(self.connection, sql)


BOUNDS = """
    SELECT partitioned.relnamespace::regnamespace || '.' || partitioned.relname,
           pg_get_expr(c.relpartbound, c.oid)
      FROM pg_class AS partitioned, pg_class AS c
     WHERE partitioned.oid = %s::regclass AND c.oid = %s::regclass
"""
FOREIGN_KEYS = """
    SELECT quote_ident(conname) FROM pg_constraint
     WHERE conrelid = %s::regclass AND contype = 'f'
"""
