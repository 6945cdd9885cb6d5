from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    no_translations,
)

from config.console import (
    add_database_option,
    ask,
    check_options,
    check_takes_changes,
    chosen_connection,
    counted,
    counted_bytes,
    report_style,
)
from config.dumps import ClientPrograms, find_client_programs
from config.postgres.catalog import read_schema
from config.postgres.citus import is_cluster
from config.rollback.backup import Backup, read_own_tables, shell_path, write_backup
from config.rollback.dry_run import dry_run_script
from config.rollback.losses import Losses, destroys_data, read_losses
from config.rollback.plan_report import PlanReport, success
from config.rollback.rehearsal import rehearse
from config.rollback.restoration import describe_overwritten, instructions, open_backup, restore
from config.rollback.rollback_plan import read_rollback
from config.rollback.rollback_transaction import Job, carry_out, check


class Command(BaseCommand):
    """Exit status 0: done, or nothing to do; 1: refused or failed; 130: Ctrl-C."""

    help = (
        "Unapply migrations: all, those of some apps, or those after a point in time. A rehearsal "
        "in a transaction that is rolled back finds the objects that would be removed. After a "
        "confirmation and a backup, one transaction removes them. RunPython therefore runs twice."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add(
            "app_label",
            nargs="*",
            help="Roll back these apps and the migrations that depend on them. Default: all apps.",
        )
        add(
            "--to",
            nargs="+",
            default=[],
            metavar="POINT",
            help="Roll back the migrations after a migration (courses.0001_initial) or a time "
            "(2026-11-20T10:00).",
        )
        add_database_option(parser)
        add("--dry-run", action="store_true", help="Print the SQL, and change nothing.")
        add("--noinput", "--no-input", action="store_false", dest="interactive", help="Do not ask.")
        destroy = "With --noinput: continue even if data will be destroyed."
        add("--yes-destroy-data", action="store_true", help=destroy)
        add("--no-backup", action="store_true", help="Do not write a backup.")
        add(
            "--backup-dir",
            type=Path,
            metavar="DIR",
            help="The directory for backups. Default: the setting ROLLBACK_BACKUP_DIR, or backups/ "
            "next to manage.py.",
        )
        restore = "Restore this backup of a rollback."
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
            raise CommandError("--restore takes no app labels, and neither --to nor --dry-run.")
        else:
            self.restore_backup(options["restore"])

    def roll_back(self) -> None:
        rollback = read_rollback(self.connection, self.options["app_label"], self.options["to"])
        if not rollback.migrations:
            self.say(f"Nothing to roll back: {rollback.reason}.")
            return
        check(self.connection, rollback)
        job = Job(self.connection, rollback, rehearse(self.connection, rollback, self.say))
        if self.options["dry_run"]:
            self.stdout.write(dry_run_script(job))
            return
        or_else = ", or make your own backup and pass --no-backup"
        no_backup = self.options["no_backup"]
        tools = None if no_backup else find_client_programs(self.connection, or_else=or_else)
        losses = read_losses(self.connection, job.dropped)
        self.show_plan(job, losses)
        self.confirm(is_dangerous=destroys_data(job.dropped, losses))
        losses = carry_out(job, partial(self.back_up, job, tools) if tools else None, self.say)
        self.say(f"\n{self.style.SUCCESS(success(job, losses))}")
        if tools and self.backup:
            self.say(f"\n{instructions(job, tools, self.backup)}")

    def show_plan(self, job: Job, losses: Losses) -> None:
        if self.options["verbosity"] or self.options["interactive"]:
            style, width = report_style(self, force_color=self.options["force_color"])
            self.stdout.write(PlanReport(job, losses, style, width).render())

    def back_up(self, job: Job, tools: ClientPrograms) -> None:
        if self.backup:  # an earlier attempt's backup lacks newer rows
            self.backup.remove()
        self.backup = write_backup(
            self.connection,
            tools,
            {*read_own_tables(self.connection, job.rollback.before), *job.dropped.changed},
            Path(self.options["backup_dir"] or settings.ROLLBACK_BACKUP_DIR),
            job.dropped.created,
        )
        tables, size = counted(len(self.backup.tables), "table"), counted_bytes(self.backup.bytes)
        self.say(f"\nBackup: {shell_path(self.backup.path)} ({tables}, {size})")

    def restore_backup(self, path: Path) -> None:
        backup = open_backup(path)
        tools = find_client_programs(self.connection, to_restore=True)
        if overwritten := describe_overwritten(self.connection, backup):
            self.say(overwritten)
            self.confirm(is_dangerous=True)
        restore(self.connection, tools, backup, self.say)
        tables = counted(len(backup.tables), "table")
        types = counted(len(backup.types), "enum type")
        self.say(self.style.SUCCESS(f"Restored {tables} and {types} from {shell_path(path)}."))
        if is_cluster(self.connection.alias):
            self.say("They are on the coordinator. Run manage.py distribute to place them.")

    def confirm(self, *, is_dangerous: bool) -> None:
        """Ask the developer or check the options. Raise CommandError if the changes are refused."""
        if self.options["interactive"]:
            database = read_schema(self.connection).database
            if not self.connection.in_atomic_block:
                self.connection.close()  # the server may end an idle session
            ask(self.stdout, database)
        else:
            check_options(
                is_dangerous=is_dangerous, may_destroy_data=self.options["yes_destroy_data"]
            )

    def say(self, message: str) -> None:
        if self.options["verbosity"]:
            self.stdout.write(message)
            self.stdout.flush()
