import shlex
import sys
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
from django.db.backends.base.base import BaseDatabaseWrapper

from config.console import counted, counted_bytes
from config.migrating import Progress, hold_migration_lock
from config.postgres.catalog import read_schema
from config.postgres.enums import enum_types
from config.project import typed
from config.rollback import backup as backups
from config.rollback.client_programs import ClientPrograms, find_client_programs
from config.rollback.dry_run import script
from config.rollback.objects import Gone, find_gone, tables_of
from config.rollback.obstacles import find_obstacles
from config.rollback.plan import read_rollback
from config.rollback.run import Job, carry_out, check
from config.rollback.size import Sizes, destroys_data, read_sizes
from config.rollback.text import PlanText, success

WIDTH_OF_A_FILE, MAX_WIDTH = 100, 120


class Command(BaseCommand):
    """Exit status 0: rolled back, or nothing to do; 1: refused, nothing changed; 130: Ctrl-C."""

    help = (
        "Take migrations back: all, those of some apps, or those after a point in time. Shows what "
        "goes and asks first, writes a backup, and is one transaction."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "app_label",
            nargs="*",
            help="Roll back these apps and what depends on them. Without: everything.",
        )
        parser.add_argument(
            "--to",
            nargs="+",
            default=[],
            metavar="POINT",
            help="Roll back what came after a migration (courses.0001_initial) or a point in time "
            "(2026-11-20T10:00).",
        )
        parser.add_argument("--database", default="default", help="Which connection.")
        parser.add_argument("--dry-run", action="store_true", help="Print the SQL, and stop.")
        parser.add_argument(
            "--noinput", "--no-input", action="store_false", dest="interactive", help="Do not ask."
        )
        parser.add_argument(
            "--yes-destroy-data",
            action="store_true",
            help="With --noinput: go on although data will be destroyed.",
        )
        parser.add_argument("--no-backup", action="store_true", help="Write no backup first.")
        parser.add_argument(
            "--backup-dir",
            type=Path,
            metavar="DIR",
            help="Where backups are written; default: the setting ROLLBACK_BACKUP_DIR, or backups/ "
            "beside manage.py.",
        )
        parser.add_argument(
            "--restore", type=Path, metavar="FILE", help="Put back what such a backup holds."
        )

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        self.options = options
        if options["database"] not in connections.settings:
            known = ", ".join(connections.settings)
            raise CommandError(f"There is no database {options['database']!r}. There are: {known}.")
        self.connection = connections[options["database"]]
        if options["restore"]:
            if options["app_label"] or options["to"] or options["dry_run"]:
                raise CommandError(
                    "--restore puts all back that is in the file: name nothing else."
                )
            self.restore(options["restore"])
        else:
            self.roll_back()

    # There

    def roll_back(self) -> None:
        rollback = read_rollback(self.connection, self.options["app_label"], self.options["to"])
        if not rollback.migrations:
            self.say(f"Nothing to roll back: {rollback.reason}.")
            return
        job = Job(self.connection, rollback, find_gone(rollback, self.connection.alias))
        check(job)
        if self.options["dry_run"]:
            self.stdout.write(script(job))
            return
        tools = None if self.options["no_backup"] else find_client_programs(self.connection)
        sizes = read_sizes(self.connection, job.gone, rollback.after.apps)
        self.show_plan(job, sizes)
        self.make_sure(destroys_data(job.gone, sizes))
        self.carry_out(job, tools)

    def show_plan(self, job: Job, sizes: Sizes) -> None:
        colored = self.options["force_color"] or self.stdout.isatty()
        style = self.style if colored else no_style()
        width = min(get_terminal_size((WIDTH_OF_A_FILE, 24)).columns, MAX_WIDTH)
        schema = read_schema(self.connection)
        plan = PlanText(schema, job.rollback, job.gone, sizes, style, width).render()
        if self.options["verbosity"] or self.options["interactive"]:
            self.stdout.write(plan)

    def carry_out(self, job: Job, tools: ClientPrograms | None) -> None:
        written: list[backups.Backup] = []

        def back_up() -> None:
            if tools:
                written.append(self.back_up(job, tools))

        sizes = carry_out(job, back_up, self.say)
        self.say(f"\n{self.style.SUCCESS(success(job.rollback, job.gone, sizes))}")
        if tools and written:
            self.say_how_to_restore(job, tools, written[0])

    def back_up(self, job: Job, tools: ClientPrograms) -> backups.Backup:
        tables = tables_of(job.rollback.before, self.connection.alias)
        backup = backups.write_backup(self.connection, tools, tables, self.directory)
        backups.check_complete(backup, job.gone.tables, job.gone.enum_types)
        content = f"{counted(len(backup.tables), 'table')}, {counted_bytes(backup.bytes)}"
        self.say(f"\nBackup: {backups.shown(backup.path)} ({content})")
        return backup

    @property
    def directory(self) -> Path:
        return Path(self.options["backup_dir"] or settings.ROLLBACK_BACKUP_DIR)

    # And back again

    def say_how_to_restore(self, job: Job, tools: ClientPrograms, backup: backups.Backup) -> None:
        alias = self.options["database"]
        database = "" if alias == "default" else f" --database {alias}"
        self.say("")
        if obstacles := self.obstacles(job):
            self.say(f"To restore it, first drop {', '.join(obstacles)}.")
        lost = "; what is written from now on is lost then" if job.rollback.after.models else ""
        self.say(f"""\
To have all {counted(len(backup.tables), "table")} as they were before{lost}:
  {typed(f"rollback --restore {backups.shown(backup.path)}{database}")}
or, while the server runs:
  {shlex.join(backups.restore_command(tools, backup))}""")

    def obstacles(self, job: Job) -> list[str]:
        """Objects of others on the tables that stay, which a restore has to drop and cannot."""
        after = job.rollback.after
        tables, types = tables_of(after, self.connection.alias), enum_types(after)
        stay = Gone([], set(), set(), tables, [], list(types))
        obstacles = find_obstacles(self.connection, stay, tables)
        return [obstacle.name for obstacle in obstacles]

    def restore(self, path: Path) -> None:
        tools = find_client_programs(self.connection)
        backup = backups.open_backup(tools, path)
        present = [name for name in backup.tables if name in existing_tables(self.connection)]
        if present:
            self.say(
                f"{backups.shown(path)} holds {counted(len(backup.tables), 'table')}, of which "
                f"{len(present)} are in database {read_schema(self.connection).database}. They "
                "will be as they were then; what was written to them since is lost."
            )
            self.make_sure(True)
        with hold_migration_lock(self.connection, Progress(), self.say):
            backups.restore(tools, backup)
        what = f"{counted(len(backup.tables), 'table')} and "
        what += counted(len(backup.enum_types), "enum type")
        self.say(self.style.SUCCESS(f"Restored {what} from {backups.shown(path)}."))

    # Talking

    def say(self, message: str) -> None:
        if self.options["verbosity"]:
            self.stdout.write(message)
            self.stdout.flush()

    def make_sure(self, is_dangerous: bool) -> None:
        """Raises CommandError unless the person, or the options, want it."""
        if not self.options["interactive"]:
            if is_dangerous and not self.options["yes_destroy_data"]:
                raise CommandError(
                    "Data would be destroyed, and --noinput alone does not allow it. Nothing was "
                    "changed. Add --yes-destroy-data."
                )
            return
        if not sys.stdin.isatty():
            raise CommandError(
                "There is no terminal to ask at. Nothing was changed. Add --noinput "
                "--yes-destroy-data if you are sure."
            )
        self.ask(read_schema(self.connection).database)

    def ask(self, database: str) -> None:
        question = f"\nType the name of the database, {database}, to go on: "
        try:
            self.stdout.write(question, ending="")  # input() would write it to stderr
            self.stdout.flush()
            answer = input()
        except (KeyboardInterrupt, EOFError) as interruption:
            self.stdout.write()
            raise KeyboardInterrupt("interrupted. Nothing was changed.") from interruption
        if answer.strip() != database:
            raise CommandError(f"That is not {database}. Nothing was changed.")


def existing_tables(connection: BaseDatabaseWrapper) -> list[str]:
    with connection.cursor() as cursor:
        return connection.introspection.table_names(cursor)
