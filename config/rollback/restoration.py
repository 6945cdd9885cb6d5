"""The restoration of a backup: the command for it, and what it overwrites."""

import shlex
from pathlib import Path

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper

from config.console import counted
from config.project import typed
from config.rollback.backup import Backup, read_backup, shown
from config.rollback.client_programs import ClientProgramError, ClientPrograms
from config.rollback.execution import Job


def open_backup(tools: ClientPrograms, path: Path) -> Backup:
    """Return the backup at `path`. Raise CommandError if there is none that can be read."""
    if not path.is_file():
        raise CommandError(f"There is no file {path}. Nothing was changed.")
    try:
        backup = read_backup(tools, path)
    except ClientProgramError as error:
        raise CommandError(f"{path} cannot be restored: {error}. Nothing was changed.") from error
    if not backup.tables:
        raise CommandError(f"{path} holds no tables. Nothing was changed.")
    return backup


def overwritten_tables(connection: BaseDatabaseWrapper, backup: Backup) -> list[str]:
    """Return the tables of the backup that exist now."""
    with connection.cursor() as cursor:
        present = connection.introspection.table_names(cursor)
    return [name for name in backup.tables if name in present]


def restore_command(tools: ClientPrograms, backup: Backup) -> list[str]:
    """Return the command that replaces what is there by the whole backup, or changes nothing."""
    return tools.command(
        "pg_restore",
        *("--clean", "--if-exists", "--single-transaction", "--exit-on-error"),
        # Without it, pg_restore would drop the schemas themselves, with objects of other owners.
        *(f"--schema={schema}" for schema in backup.schemas),
        backup.path.resolve(),
    )


def restore(tools: ClientPrograms, backup: Backup) -> None:
    """Restore the backup. Raise CommandError if that fails; nothing has changed then."""
    try:
        tools.run([*restore_command(tools, backup), "--no-password"])
    except ClientProgramError as error:
        raise CommandError(
            f"{shown(backup.path)} was not restored: {error}. Nothing was changed."
        ) from error


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
