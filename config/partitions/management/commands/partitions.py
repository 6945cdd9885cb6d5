import re
from argparse import ArgumentTypeError
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    no_translations,
)
from django.db import connections, models

from config.console import ask, check_options, chosen_connection
from config.dumps import ClientPrograms, find_client_programs
from config.migrating import LockWaits, guarded_run
from config.partitions.after_migrate import divided_models
from config.partitions.live_partitions import read_partitions
from config.partitions.making import make_months, remove_copies
from config.partitions.months_table import months_table
from config.partitions.months_to_make import current_month
from config.partitions.partition_changes import Plan, Wanted, read_plan, wanted
from config.partitions.retention import Retention
from config.partitions.upkeep import Upkeep, retried
from config.postgres.catalog import read_schema

MOST_AHEAD = 120


class Command(BaseCommand):
    """Exit status 0: done, or nothing to do; 1: refused or failed; 130: Ctrl-C."""

    help = (
        "Show the months of the tables that are divided by month; make coming and earlier ones; "
        "detach, archive and drop old ones. Says only what it has done, so that cron can run it."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("tables", nargs="*", metavar="table", help="Only these tables. Default: all divided.")
        add("--ahead", type=_up_to(MOST_AHEAD, least=0), metavar="N", help="Make this month and N.")
        help_from = "Make the months since then. Their rows in the default partition move to them."
        add("--from", type=_month, metavar="YYYY-MM", help=help_from)
        help_keep = "Keep this month and the N - 1 before it, and drop older ones."
        add("--keep", type=_up_to(10_000, least=1), metavar="N", help=help_keep)
        add("--detach-only", action="store_true", help="Detach old months, and drop nothing.")
        help_archive = "Write a dump of each old month into this directory before it is dropped."
        add("--archive", type=_directory, metavar="DIR", help=help_archive)
        add("--dry-run", action="store_true", help="Show what would be done, and change nothing.")
        add("--noinput", "--no-input", action="store_false", dest="interactive", help="Do not ask.")
        add("--yes-destroy-data", action="store_true", help="With --noinput: drop old months.")
        names = tuple(connections)
        add("--database", default="default", choices=names, help="The connection.")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        self.options = options
        self.connection = chosen_connection(options["database"])
        chosen = self.divided(options["tables"])
        what = wanted(options, current_month())
        if what.is_nothing:
            self.stdout.write("\n\n".join(map(self.described, chosen)))
        else:
            self.carry_out(chosen, what)

    def divided(self, tables: Sequence[str]) -> list[type[models.Model]]:
        """Return the models of the tables; of all divided ones if none is named."""
        divided = {m._meta.db_table: m for m in divided_models(self.connection.alias)}
        alias = self.connection.alias
        if not divided and divided_models("default"):
            raise CommandError(f"No table in partitions belongs to the connection {alias}.")
        for table in tables:
            if table not in divided:
                names = ", ".join(sorted(divided)) or "none"
                raise CommandError(f"{table} is no table in partitions. Those that are: {names}.")
        return [divided[table] for table in dict.fromkeys(tables) or divided]

    def described(self, model: type[models.Model]) -> str:
        return "\n".join(months_table(self.connection, model))

    def carry_out(self, chosen: Sequence[type[models.Model]], what: Wanted) -> None:
        """Do what is planned, and only that; before months are dropped, show it and ask."""
        plans = [read_plan(self.connection, model, what) for model in chosen]
        old = [partition for plan in plans for partition in plan.old]
        if self.options["dry_run"]:
            self.show(plans)
            return
        if not (old or any(plan.new or plan.copies for plan in plans)):
            return
        tools = None
        if old and self.options["archive"]:
            or_else = ", or leave out --archive"
            tools = find_client_programs(self.connection, or_else=or_else)
        if old and what.is_dropped:
            self.confirm(plans)
        self.progress = Upkeep()
        with guarded_run(self.connection, self.progress, self.say) as waits:
            for plan in plans:
                self.make(plan, what, waits)
                self.retire(plan, tools, waits)

    def make(self, plan: Plan, what: Wanted, waits: LockWaits) -> None:
        months = what.months(read_partitions(self.connection, plan.table))
        attempt = retried(waits)
        remove_copies(self.connection, plan.table, attempt)  # under the lock no run fills one
        make_months(self.connection, plan.model, months, attempt=attempt, say=self.done)

    def retire(self, plan: Plan, tools: ClientPrograms | None, waits: LockWaits) -> None:
        """Do away with the old partitions of the plan that are still there."""
        retention = Retention(self.connection, plan.table, retried(waits), self.done)
        agreed = {(old.name, old.end) for old in plan.old}
        for partition in read_partitions(self.connection, plan.table):
            if (partition.name, partition.end) not in agreed:
                continue
            if self.options["detach_only"]:
                retention.detach(partition)
            elif tools:
                retention.archive(partition, tools, self.options["archive"])
            else:
                retention.drop(partition)

    def confirm(self, plans: Sequence[Plan]) -> None:
        """Raise CommandError unless the options or the developer allow it."""
        if self.options["interactive"]:
            self.show(plans)
            database = read_schema(self.connection).database
            if not self.connection.in_atomic_block:
                self.connection.close()  # it could be cut off while it is idle
            ask(self.stdout, database)
        else:
            check_options(is_dangerous=True, may_destroy_data=self.options["yes_destroy_data"])

    def show(self, plans: Sequence[Plan]) -> None:
        verb = "dropped"
        if self.options["detach_only"]:
            verb = "detached"
        elif self.options["archive"]:
            verb = f"archived in {self.options['archive']} and dropped"
        lines = [line for plan in plans for line in plan.lines(verb)]
        self.stdout.write("\n".join(lines or ["Nothing to do."]))

    def done(self, line: str) -> None:
        """Say what has been done, and remember it for the case that the rest fails."""
        self.progress.commit()
        self.say(line)

    def say(self, line: str) -> None:
        if self.options["verbosity"]:
            self.stdout.write(line)
            self.stdout.flush()


def _up_to(most: int, *, least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (re.fullmatch("[0-9]{1,9}", text) and least <= int(text) <= most):
            raise ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}.")
        return int(text)

    return number


def _directory(text: str) -> Path:
    if not text:
        raise ArgumentTypeError("The name of the directory is empty.")
    return Path(text)


def _month(text: str) -> date:
    if not re.fullmatch(r"[1-9][0-9]{3}-(0[1-9]|1[0-2])", text):
        raise ArgumentTypeError(f"{text!r} is not a month such as 2026-11.")
    return date.fromisoformat(f"{text}-01")
