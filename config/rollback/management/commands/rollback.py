from functools import partial
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

from django.conf import settings
from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    no_translations,
)
from django.core.management.color import no_style
from django.db import connections

from config.console import (
    ask,
    check_options,
    check_takes_changes,
    chosen_connection,
    counted,
    counted_bytes,
)
from config.dumps import ClientPrograms, find_client_programs
from config.postgres.catalog import read_schema
from config.postgres.citus import read_layout
from config.rollback.backup import Backup, shown, write_backup
from config.rollback.dry_run import script
from config.rollback.execution import Job, carry_out, check
from config.rollback.losses import Losses, destroys_data, read_losses
from config.rollback.own_tables import read_own_tables
from config.rollback.plan import read_rollback
from config.rollback.rehearsal import rehearse
from config.rollback.report import PlanReport, success
from config.rollback.restoration import describe_overwritten, instructions, open_backup, restore

WIDTH_OF_A_FILE, MAX_WIDTH = 100, 120


class Command(BaseCommand):
    """Exit status 0: rolled back, or nothing to do; 1: refused, nothing changed; 130: Ctrl-C."""

    help = (
        "Unapply migrations: all, those of some apps, or those after a point in time. Finds what "
        "would be destroyed by unapplying them in a transaction that is undone, shows it and asks, "
        "writes a backup, and is one transaction. So RunPython runs backwards twice."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add(
            "app_label",
            nargs="*",
            help="Roll back these apps and what depends on them. Default: everything.",
        )
        add(
            "--to",
            nargs="+",
            default=[],
            metavar="POINT",
            help="Roll back what came after a migration (courses.0001_initial) or a point in time "
            "(2026-11-20T10:00).",
        )
        connection_names = tuple(connections)
        add("--database", default="default", choices=connection_names, help="The connection.")
        add("--dry-run", action="store_true", help="Print the SQL, and change nothing.")
        add("--noinput", "--no-input", action="store_false", dest="interactive", help="Do not ask.")
        destroy = "With --noinput: go on although data will be destroyed."
        add("--yes-destroy-data", action="store_true", help=destroy)
        add("--no-backup", action="store_true", help="Write no backup first.")
        add(
            "--backup-dir",
            type=Path,
            metavar="DIR",
            help="The directory for backups. Default: the setting ROLLBACK_BACKUP_DIR, or backups/ "
            "next to manage.py.",
        )
        restore = "Restore everything in such a backup."
        add("--restore", type=Path, metavar="FILE", help=restore)

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        self.options = options
        self.connection = chosen_connection(options["database"])
        check_takes_changes(self.connection)
        self.backup: Backup | None = None
        if not options["restore"]:
            self.roll_back()
        elif options["app_label"] or options["to"] or options["dry_run"]:
            raise CommandError("--restore restores the whole file. Leave out the other arguments.")
        else:
            self.restore(options["restore"])

    def roll_back(self) -> None:
        rollback = read_rollback(self.connection, self.options["app_label"], self.options["to"])
        if not rollback.migrations:
            self.say(f"Nothing to roll back: {rollback.reason}.")
            return
        check(self.connection, rollback)
        job = Job(self.connection, rollback, rehearse(self.connection, rollback, self.say))
        if self.options["dry_run"]:
            self.stdout.write(script(job))
            return
        tools = None if self.options["no_backup"] else self.find_programs()
        losses = read_losses(self.connection, job.dropped)
        self.show_plan(job, losses)
        self.confirm(is_dangerous=destroys_data(job.dropped, losses))
        losses = carry_out(job, partial(self.back_up, job, tools) if tools else None, self.say)
        self.say(f"\n{self.style.SUCCESS(success(job, losses))}")
        if tools and self.backup:
            self.say(f"\n{instructions(job, tools, self.backup)}")

    def find_programs(self) -> ClientPrograms:
        or_else = ", or make a backup in your own way and add --no-backup"
        return find_client_programs(self.connection, or_else=or_else)

    def show_plan(self, job: Job, losses: Losses) -> None:
        colored = self.options["force_color"] or self.stdout.isatty()
        style = self.style if colored else no_style()
        width = min(get_terminal_size((WIDTH_OF_A_FILE, 24)).columns, MAX_WIDTH)
        if self.options["verbosity"] or self.options["interactive"]:
            self.stdout.write(PlanReport(job, losses, style, width).render())

    def back_up(self, job: Job, tools: ClientPrograms) -> None:
        if self.backup:  # an earlier attempt's; it lacks the rows that were written since
            self.backup.remove()
        own = read_own_tables(self.connection, job.rollback.before)
        directory = Path(self.options["backup_dir"] or settings.ROLLBACK_BACKUP_DIR)
        dropped = job.dropped
        relations, changed = {*own, *dropped.written}, dropped.changed
        self.backup = write_backup(
            self.connection, tools, relations, changed, directory, dropped.made
        )
        tables_and_size = (
            f"{counted(len(self.backup.tables), 'table')}, {counted_bytes(self.backup.bytes)}"
        )
        self.say(f"\nBackup: {shown(self.backup.path)} ({tables_and_size})")

    def restore(self, path: Path) -> None:
        backup = open_backup(path)
        was_placed = read_layout(self.connection, read_schema(self.connection))
        tools = find_client_programs(self.connection, to_restore=True)
        if overwritten := describe_overwritten(self.connection, backup):
            self.say(overwritten)
            self.confirm(is_dangerous=True)
        restore(self.connection, tools, backup, self.say)
        tables = counted(len(backup.tables), "table")
        types = counted(len(backup.types), "enum type")
        self.say(self.style.SUCCESS(f"Restored {tables} and {types} from {shown(path)}."))
        if was_placed:
            self.say("They are on the coordinator. Run manage.py distribute to place them.")

    def confirm(self, *, is_dangerous: bool) -> None:
        """Raise CommandError unless the options or the developer allow it."""
        if self.options["interactive"]:
            database = read_schema(self.connection).database
            if not self.connection.in_atomic_block:
                self.connection.close()  # it could be cut off while it is idle
            ask(self.stdout, database)
        else:
            check_options(
                is_dangerous=is_dangerous, may_destroy_data=self.options["yes_destroy_data"]
            )

    def say(self, message: str) -> None:
        if self.options["verbosity"]:
            self.stdout.write(message)
            self.stdout.flush()
