"""The restoration of a backup: one transaction, which is looked at before it is committed."""

import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from django.core.management.base import CommandError
from django.db import Error, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.console import counted, driver_error
from config.dumps import ClientProgramError, ClientPrograms, list_of
from config.migrating import Progress, guarded_run
from config.postgres.backend import transaction_status
from config.postgres.catalog import read_schema
from config.postgres.citus import read_shards
from config.project import typed
from config.rollback.archive import ArchiveError
from config.rollback.archive_script import (
    RESET,
    SET_FIRST,
    copy_rows,
    create_objects,
    create_parts,
)
from config.rollback.backup import Backup, read_backup, shown
from config.rollback.execution import Job
from config.rollback.new_privileges import read_corrections
from config.rollback.replacement import (
    KEPT,
    check_restored,
    plan_replacement,
    read_live,
    without_kept,
    without_partitions,
)

type Say = Callable[[str], None]

WITHOUT_ROWS = ("VIEW", "MATERIALIZED VIEW", "FUNCTION", "PROCEDURE", "AGGREGATE")
DONE = "The restoration is done."
PATIENCE, POLL_SECONDS = 10.0, 0.2
"""How long a session that has lost its client is waited for, to learn what it did."""


def open_backup(path: Path) -> Backup:
    """Return the backup at `path`. Raise CommandError if there is none that can be read."""
    if not path.is_file():
        raise CommandError(f"There is no file {path}. Nothing was changed.")
    try:
        backup = read_backup(path)
    except (ArchiveError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CommandError(f"{path} cannot be restored: {reason}. Nothing was changed.") from error
    if not backup.tables:
        raise CommandError(f"{path} holds no tables. Nothing was changed.")
    return backup


def describe_overwritten(connection: BaseDatabaseWrapper, backup: Backup) -> str:
    """Return what of the backup exists now and will be replaced, or '' if nothing does."""
    others = [entry for entry in backup.entries if entry.kind in WITHOUT_ROWS]
    wanted = [*backup.tables, *backup.partitions, *others]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(SET_FIRST)
        live, made = read_live(cursor, wanted), read_live(cursor, backup.made)
        live = without_partitions(cursor, live)
    if not live and not made:
        return ""
    present = sum(entry in live for entry in backup.tables)
    also = [str(found) for entry, found in live.items() if entry not in backup.tables]
    return (
        f"{shown(backup.path)} holds {counted(len(backup.tables), 'table')}, of which {present} "
        f"are in database {read_schema(connection).database}. They will be as they were then; "
        "what was written to them since is lost."
        + (f" It also replaces {', '.join(also)}." if also else "")
        + (
            f" It drops what the rollback made: {', '.join(map(str, made.values()))}."
            if made
            else ""
        )
    )


@dataclass
class RestorationProgress(Progress):
    """The progress of a restoration, about whose transaction the database can be asked."""

    command: str = "rollback --restore"
    transaction: str = ""
    """The id of the last attempt's transaction; PostgreSQL gives it to no other one."""

    def after_interruption(self, connection: BaseDatabaseWrapper) -> str:
        standing = self.ask_standing(connection)
        return standing if standing == DONE else f"{standing} Run {self.command} again to go on."

    def ask_standing(self, connection: BaseDatabaseWrapper) -> str:
        """Return how the database stands. After a failed commit, only it knows."""
        if not self.transaction:
            return "Nothing was changed."
        deadline = time.monotonic() + PATIENCE
        while (status := transaction_status(connection, self.transaction)) == "in progress":
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
        standings = {"committed": DONE, "aborted": "Nothing was changed."}
        return standings.get(status, "Whether it was committed could not be seen.")


def restore(
    connection: BaseDatabaseWrapper, tools: ClientPrograms, backup: Backup, say: Say
) -> None:
    """Replace what is there by the backup, or change nothing.

    Raise CommandError if that fails, KeyboardInterrupt that tells how the database stands.
    """
    progress = RestorationProgress()
    with guarded_run(connection, progress, say) as waits:

        def attempt() -> None:
            with waits.lock.transaction():
                _restore(connection, tools, backup, progress)

        try:
            waits.retry(attempt)
        except (ClientProgramError, ArchiveError, Error, OSError) as error:
            standing = progress.ask_standing(connection)
            if standing != DONE:
                raise CommandError(
                    f"{shown(backup.path)} was not restored: {_reason(error)}. {standing} "
                    f"Correct this, and run {progress.command} again."
                ) from error
    connection.close()  # it knows by their oids the types that were there before


def _restore(
    connection: BaseDatabaseWrapper,
    tools: ClientPrograms,
    backup: Backup,
    progress: RestorationProgress,
) -> None:
    """Replace what is there within one transaction, and check that all of the backup is there."""
    with connection.cursor() as cursor:
        cursor.execute(SET_FIRST)
        cursor.execute("SELECT pg_current_xact_id()::text")
        [(progress.transaction,)] = cursor.fetchall()
        found = read_live(cursor, [*backup.entries, *backup.made])
        backup = replace(backup, entries=without_kept(backup.entries, found))
        replaced = {entry for entry in found if entry.kind not in KEPT} | {*backup.made}
        live = [found[entry] for entry in found if entry in replaced]
        if tables := [each.identity for each in live if each.kind == "table"]:
            cursor.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
        replacement = plan_replacement(cursor, live, read_shards(connection))
        for statement in replacement.drops:
            cursor.execute(statement)
        with connection.wrap_database_errors:
            session = connection.connection
            create_objects(session, tools, backup)
            created = read_live(cursor, backup.entries).values()
            for statement in read_corrections(cursor, [each.address for each in created]):
                cursor.execute(statement)
            copy_rows(session, tools, backup)
            create_parts(session, tools, backup)
        for statement in replacement.recreations:
            cursor.execute(statement)
        check_restored(cursor, backup)
        cursor.execute(RESET)


def _reason(error: Exception) -> str:
    """Return the reason in one line, as PostgreSQL has it if it is its own."""
    cause = driver_error(error)
    said = [cause.diag.message_primary, cause.diag.message_detail] if cause else []
    reason = " ".join(part.rstrip(".") + "." for part in said if part) or str(error)
    return " ".join(reason.split()).rstrip(".")


def restore_command(tools: ClientPrograms, backup: Backup) -> list[str]:
    """Return the command with which pg_restore does the same, without brief waits and checks."""
    return tools.command(
        "pg_restore",
        *("--clean", "--if-exists", "--single-transaction", "--exit-on-error"),
        f"--use-list={list_of(backup.path).resolve()}",
        backup.path.resolve(),
    )


def instructions(job: Job, tools: ClientPrograms, backup: Backup) -> str:
    """Return how to undo the rollback, as the last lines that it prints."""
    alias = job.connection.alias
    database = "" if alias == "default" else f" --database {alias}"
    lost = "; what is written from now on is lost then" if job.rollback.after.models else ""
    return f"""\
To have all {counted(len(backup.tables), "table")} as they were before{lost}:
  {typed(f"rollback --restore {shown(backup.path)}{database}")}
or, while the server runs:
  {shlex.join(restore_command(tools, backup))}"""
