import re
from argparse import ArgumentTypeError
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    no_translations,
)
from django.db import models

from config.console import add_database_option, ask, check_options, chosen_connection
from config.dumps import ClientPrograms, find_client_programs
from config.migrating import LockWaits, Progress, guarded_run
from config.partitions.after_migrate import partitioned_models
from config.partitions.creation import drop_all_unfinished, make_months
from config.partitions.live_partitions import read_partitions
from config.partitions.missing_months import current_month
from config.partitions.months_table import months_table
from config.partitions.partition_changes import (
    PartitionChanges,
    RequestedMonths,
    read_changes,
    requested_months,
)
from config.partitions.retention import Retention
from config.partitions.retries import retried
from config.postgres.catalog import read_schema

MOST_AHEAD = 120


@dataclass
class PartitionsProgress(Progress):
    """The progress of a run of the command."""

    command: str = "partitions"

    @property
    def standing(self) -> str:
        return "Everything shown is done." if self.has_changed else "No month was changed."


class Command(BaseCommand):
    """Exit status 0: done, or nothing to do; 1: refused or failed; 130: Ctrl-C."""

    help = (
        "Show the months of the tables that are partitioned by month; create coming and earlier "
        "months; detach, archive and drop old months. Prints only the changes that it makes, so "
        "that cron can run it."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add(
            "tables",
            nargs="*",
            metavar="table",
            help="Default: all tables that are partitioned by month.",
        )
        ahead = _whole_number(0, MOST_AHEAD)
        add("--ahead", type=ahead, metavar="N", help="Create this month and the N after it.")
        help_from = "Create all months since this one. Rows in the default partition move to them."
        add("--from", type=_month, metavar="YYYY-MM", help=help_from)
        help_keep = "Keep this month and the N - 1 before it, and drop older ones."
        add("--keep", type=_whole_number(1, 10_000), metavar="N", help=help_keep)
        add("--detach-only", action="store_true", help="Detach old months, and drop nothing.")
        help_archive = "Write a dump of each old month into this directory before it is dropped."
        add("--archive", type=_directory, metavar="DIR", help=help_archive)
        add("--dry-run", action="store_true", help="Show the changes, and make none.")
        add("--noinput", "--no-input", action="store_false", dest="interactive", help="Do not ask.")
        add("--yes-destroy-data", action="store_true", help="With --noinput: drop old months.")
        add_database_option(parser)

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        self.options = options
        self.connection = chosen_connection(options["database"])
        chosen = self.chosen_models(options["tables"])
        requested = requested_months(options, current_month())
        if requested.is_empty:
            tables = ("\n".join(months_table(self.connection, model)) for model in chosen)
            self.stdout.write("\n\n".join(tables))
        else:
            self.apply(chosen, requested)

    def chosen_models(self, tables: Sequence[str]) -> list[type[models.Model]]:
        """Return the models of the named tables, or of all partitioned tables if none is named."""
        partitioned = {m._meta.db_table: m for m in partitioned_models(self.connection.alias)}
        alias = self.connection.alias
        if not partitioned and partitioned_models("default"):
            raise CommandError(f"No table of the connection {alias} is partitioned by month.")
        for table in tables:
            if table not in partitioned:
                names = ", ".join(sorted(partitioned)) or "none"
                raise CommandError(
                    f"{table} is not partitioned by month. Tables that are: {names}."
                )
        return [partitioned[table] for table in dict.fromkeys(tables) or partitioned]

    def apply(self, chosen: Sequence[type[models.Model]], requested: RequestedMonths) -> None:
        """Create and remove the requested months. Ask before months are dropped."""
        changes = [read_changes(self.connection, model, requested) for model in chosen]
        old = [partition for change in changes for partition in change.old]
        if self.options["dry_run"]:
            self.show(changes)
            return
        if not (old or any(change.new or change.unfinished for change in changes)):
            return
        tools = None
        if old and self.options["archive"]:
            or_else = ", or leave out --archive"
            tools = find_client_programs(self.connection, or_else=or_else)
        if old and requested.drop:
            self.confirm(changes)
        self.progress = PartitionsProgress()
        with guarded_run(self.connection, self.progress, self.say) as waits:
            for change in changes:
                self.make(change, requested, waits)
                self.remove_old(change, tools, waits)

    def make(self, change: PartitionChanges, requested: RequestedMonths, waits: LockWaits) -> None:
        months = requested.months(read_partitions(self.connection, change.table))
        attempt = retried(waits)
        # This run holds the migration lock, so no other run is filling these tables.
        drop_all_unfinished(self.connection, change.table, attempt)
        make_months(self.connection, change.model, months, attempt=attempt, say=self.report)

    def remove_old(
        self, change: PartitionChanges, tools: ClientPrograms | None, waits: LockWaits
    ) -> None:
        """Detach, archive or drop the old partitions that were shown and still exist."""
        retention = Retention(self.connection, change.table, retried(waits), self.report)
        shown = {(old.name, old.end) for old in change.old}
        for partition in read_partitions(self.connection, change.table):
            if (partition.name, partition.end) not in shown:
                continue
            if self.options["detach_only"]:
                retention.detach(partition)
            elif tools:
                retention.archive(partition, tools, self.options["archive"])
            else:
                retention.drop(partition)

    def confirm(self, changes: Sequence[PartitionChanges]) -> None:
        """Raise CommandError if neither the administrator nor the options allow the changes."""
        if self.options["interactive"]:
            self.show(changes)
            database = read_schema(self.connection).database
            if not self.connection.in_atomic_block:
                self.connection.close()  # the server may end an idle session
            ask(self.stdout, database)
        else:
            check_options(is_dangerous=True, may_destroy_data=self.options["yes_destroy_data"])

    def show(self, changes: Sequence[PartitionChanges]) -> None:
        verb = "dropped"
        if self.options["detach_only"]:
            verb = "detached"
        elif self.options["archive"]:
            verb = f"archived in {self.options['archive']} and dropped"
        lines = [line for change in changes for line in change.lines(verb)]
        self.stdout.write("\n".join(lines or ["Nothing to do."]))

    def report(self, line: str) -> None:
        """Print a committed change, and record it for the message after a failure."""
        self.progress.commit()
        self.say(line)

    def say(self, line: str) -> None:
        if self.options["verbosity"]:
            self.stdout.write(line)
            self.stdout.flush()


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return an argparse type for whole numbers from `least` to `most`."""

    def parse(text: str) -> int:
        if not (re.fullmatch("[0-9]{1,9}", text) and least <= int(text) <= most):
            raise ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}.")
        return int(text)

    return parse


def _directory(text: str) -> Path:
    if not text:
        raise ArgumentTypeError("The name of the directory is empty.")
    return Path(text)


def _month(text: str) -> date:
    if not re.fullmatch(r"[1-9][0-9]{3}-(0[1-9]|1[0-2])", text):
        raise ArgumentTypeError(f"{text!r} is not a month such as 2026-11.")
    return date.fromisoformat(f"{text}-01")
