"""The restoration of a backup in one transaction, with a check before the commit."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from django.core.management.base import CommandError
from django.db import Error, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.console import counted, error_reason
from config.dumps import ClientProgramError, ClientPrograms, list_of
from config.migrating import Progress, guarded_run
from config.postgres import execute
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
from config.rollback.backup import Backup, read_backup, shell_path
from config.rollback.default_privileges import read_corrections
from config.rollback.replacement import (
    KEPT_KINDS,
    check_restored,
    plan_replacement,
    read_live,
    without_kept,
    without_partitions,
)
from config.rollback.rollback_transaction import Job

WITHOUT_ROWS = ("VIEW", "MATERIALIZED VIEW", "FUNCTION", "PROCEDURE", "AGGREGATE")


def open_backup(path: Path) -> Backup:
    """Return the backup at `path`. Raise CommandError if the file is missing or unreadable."""
    if not path.is_file():
        raise CommandError(f"There is no file {path}. Nothing was changed.")
    try:
        backup = read_backup(path)
    except (ArchiveError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CommandError(f"{path} cannot be restored: {reason}. Nothing was changed.") from error
    if not backup.tables:
        raise CommandError(f"{path} contains no tables. Nothing was changed.")
    return backup


def describe_overwritten(connection: BaseDatabaseWrapper, backup: Backup) -> str:
    """Return a description of the live objects that will be replaced, or '' if there are none."""
    others = [entry for entry in backup.entries if entry.kind in WITHOUT_ROWS]
    wanted = [*backup.tables, *backup.partitions, *others]
    with transaction.atomic(using=connection.alias):
        execute(connection, SET_FIRST)
        live, created = read_live(connection, wanted), read_live(connection, backup.created)
        live = without_partitions(connection, live)
    if not live and not created:
        return ""
    present = sum(entry in live for entry in backup.tables)
    also = [str(item) for entry, item in live.items() if entry not in backup.tables]
    text = (
        f"{shell_path(backup.path)} contains {counted(len(backup.tables), 'table')}, of which "
        f"{present} exist in database {read_schema(connection).database}. They will be replaced, "
        "and rows written since the backup will be lost."
    )
    if also:
        text += f" It also replaces {', '.join(also)}."
    if drops := ", ".join(map(str, created.values())):
        text += f" It drops objects that the rollback created: {drops}."
    return text


@dataclass
class RestorationProgress(Progress):
    """The progress of a restoration."""

    command: str = "rollback --restore"
    outcome = "The restoration is done."
    doubt = "It is unknown whether the restoration was committed."


def restore(
    connection: BaseDatabaseWrapper,
    tools: ClientPrograms,
    backup: Backup,
    say: Callable[[str], None],
) -> None:
    """Replace the live objects with the objects of the backup, or change nothing.

    Raise CommandError on failure. After Ctrl-C, raise KeyboardInterrupt with the outcome.
    """
    progress = RestorationProgress()
    with guarded_run(connection, progress, say) as waits:

        def attempt() -> None:
            with waits.lock.transaction():
                _restore_in_transaction(connection, tools, backup)

        try:
            waits.retry(attempt)
        except (ClientProgramError, ArchiveError, Error, OSError) as error:
            standing = progress.ask_standing(connection)
            if standing != progress.outcome:  # otherwise the commit succeeded
                reason = error_reason(error, str(error))
                raise CommandError(
                    f"{shell_path(backup.path)} was not restored: {reason}. {standing} "
                    f"Correct this, and run {progress.command} again."
                ) from error
    connection.close()  # the connection caches the oids of the replaced types


def _restore_in_transaction(
    connection: BaseDatabaseWrapper, tools: ClientPrograms, backup: Backup
) -> None:
    """Replace the live objects in the current transaction, and check that none is missing."""
    execute(connection, SET_FIRST)
    live = read_live(connection, [*backup.entries, *backup.created])
    backup = replace(backup, entries=without_kept(backup.entries, live))
    kept = {entry for entry in live if entry.kind in KEPT_KINDS} - {*backup.created}
    replaced = [live[entry] for entry in live if entry not in kept]
    if tables := [each.identity for each in replaced if each.kind == "table"]:
        execute(connection, f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
    replacement = plan_replacement(connection, replaced, read_shards(connection))
    for statement in replacement.drops:
        execute(connection, statement)
    with connection.wrap_database_errors:
        session = connection.connection
        create_objects(session, tools, backup)
        restored = read_live(connection, backup.entries).values()
        for statement in read_corrections(connection, [each.address for each in restored]):
            execute(connection, statement)
        copy_rows(session, tools, backup)
        create_parts(session, tools, backup)
    for statement in replacement.recreations:
        execute(connection, statement)
    check_restored(connection, backup)
    execute(connection, RESET)


def restore_command(tools: ClientPrograms, backup: Backup) -> list[str]:
    """Return the pg_restore command that restores the backup, without lock limits and checks."""
    return tools.command(
        "pg_restore",
        *("--clean", "--if-exists", "--single-transaction", "--exit-on-error"),
        f"--use-list={list_of(backup.path).resolve()}",
        backup.path.resolve(),
    )


def instructions(job: Job, tools: ClientPrograms, backup: Backup) -> str:
    """Return the instructions that a rollback prints last: how to restore its backup."""
    alias = job.connection.alias
    database = "" if alias == "default" else f" --database {alias}"
    lost = "; rows written from now on will be lost" if job.rollback.after.models else ""
    return f"""\
To restore {counted(len(backup.tables), "table")}{lost}:
  {typed(f"rollback --restore {shell_path(backup.path)}{database}")}
or, while the server runs:
  {shlex.join(restore_command(tools, backup))}"""
