"""The command seed_demo, which fills an empty database."""

import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.console import add_database_option, chosen_connection
from config.demo.loader import HasDataError, load
from config.demo.options import parse_scale, parse_seed, parse_until
from config.demo.plan import PlatformPlan
from config.demo.platform import Platform
from config.demo.progress_bar import progress_bar
from config.migrating import check_migrated

INTERRUPTED = 130  # The exit status that a shell reports after Ctrl-C.


class Command(BaseCommand):
    help = "Fill an empty database with the data of a demo platform, in one transaction."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--scale",
            default="small",
            metavar="small|medium|large|N",
            help="500, 20,000, 1,000,000 or N enrollments; default: small.",
        )
        parser.add_argument(
            "--seed", default="1", metavar="N", help="The same seed yields the same rows."
        )
        parser.add_argument(
            "--until",
            metavar="YYYY-MM-DD",
            help="The day before which all events happen; default: today (UTC).",
        )
        on_data = parser.add_mutually_exclusive_group()
        on_data.add_argument(
            "--replace",
            action="store_true",
            help="Delete all data first, except the accounts of administrators.",
        )
        on_data.add_argument("--if-empty", action="store_true", help="Do nothing if there is data.")
        add_database_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        start = time.monotonic()
        try:
            plan = plan_of(options)
            written = self.seed(plan, options)
        except HasDataError:
            if not options["if_empty"]:
                raise
            if options["verbosity"]:
                self.stdout.write("The database has data already, so nothing was added.")
        except KeyboardInterrupt:
            message = "Interrupted. Nothing was written."
            raise CommandError(message, returncode=INTERRUPTED) from None
        else:
            if options["verbosity"]:
                self.stdout.write(summary(plan, written, time.monotonic() - start))

    def seed(self, plan: PlatformPlan, options: dict[str, Any]) -> Counter[str]:
        connection = chosen_connection(options["database"])
        check_migrated(connection)
        visible = options["verbosity"] > 0 and self.stdout.isatty()
        with Platform(plan) as platform, progress_bar(self.stdout, platform, visible) as report:
            return load(connection, platform, report, replace=options["replace"])


def plan_of(options: dict[str, Any]) -> PlatformPlan:
    until = options["until"]
    return PlatformPlan(
        parse_scale(options["scale"]),
        parse_seed(options["seed"]),
        parse_until(until) if until else datetime.now(UTC).date(),
    )


def summary(plan: PlatformPlan, written: Counter[str], seconds: float) -> str:
    return (
        f"{written.total():,} rows in {len(written)} tables in {seconds:.0f} s: "
        f"{written['enrollments']:,} enrollments of {plan.students:,} students in "
        f"{written['courses']:,} courses, {written['analytics_events']:,} events.\n"
        f"To repeat: manage.py seed_demo --scale {plan.enrollments} --seed {plan.seed} "
        f"--until {plan.until}"
    )
