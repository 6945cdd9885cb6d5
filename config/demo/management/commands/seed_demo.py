import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.demo.errors import DemoError, HasDataError
from config.demo.load import check_migrated, load
from config.demo.options import connection_named, parse_scale, parse_seed, parse_until
from config.demo.plan import Plan
from config.demo.platform import Platform
from config.demo.progress import Bar

INTERRUPTED = 130  # what a shell reports of a program that Ctrl-C ended


class Command(BaseCommand):
    help = "Fill an empty database with a believable platform: all of it or nothing."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--scale",
            default="small",
            metavar="small|medium|large|N",
            help="500, 20,000, 1,000,000 or N enrollments; default: small.",
        )
        parser.add_argument("--seed", default="1", metavar="N", help="Same seed, same rows.")
        parser.add_argument(
            "--until",
            metavar="YYYY-MM-DD",
            help="The day before which all of it happened; default: today (UTC).",
        )
        otherwise = parser.add_mutually_exclusive_group()
        otherwise.add_argument(
            "--replace",
            action="store_true",
            help="Delete all data first, but the accounts of administrators.",
        )
        otherwise.add_argument(
            "--if-empty", action="store_true", help="Where there is data, do nothing."
        )
        parser.add_argument("--database", default="default", help="Which connection.")

    def handle(self, *args: Any, **options: Any) -> None:
        start = time.monotonic()
        try:
            plan = plan_of(options)
            written = self.seed(plan, options)
        except HasDataError as error:
            if not options["if_empty"]:
                raise CommandError(str(error)) from error
            if options["verbosity"]:
                self.stdout.write("There is data already, so none was added.")
        except DemoError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            message = "Interrupted. Nothing was written."
            raise CommandError(message, returncode=INTERRUPTED) from None
        else:
            if options["verbosity"]:
                self.stdout.write(summary(plan, written, time.monotonic() - start))

    def seed(self, plan: Plan, options: dict[str, Any]) -> Counter[str]:
        connection = connection_named(options["database"])
        check_migrated(connection)
        visible = options["verbosity"] > 0 and self.stdout.isatty()
        with Platform(plan) as platform, Bar(self.stdout, platform, visible=visible) as bar:
            return load(connection, platform, bar, replace=options["replace"])


def plan_of(options: dict[str, Any]) -> Plan:
    until = options["until"]
    return Plan(
        parse_scale(options["scale"]),
        parse_seed(options["seed"]),
        parse_until(until) if until else datetime.now(UTC).date(),
    )


def summary(plan: Plan, written: Counter[str], seconds: float) -> str:
    return (
        f"{written.total():,} rows in {len(written)} tables in {seconds:.0f} s: "
        f"{written['enrollments']:,} enrollments of {plan.students:,} students in "
        f"{written['courses']:,} courses, {written['analytics_events']:,} events.\n"
        f"The same again: manage.py seed_demo --scale {plan.enrollments} --seed {plan.seed} "
        f"--until {plan.until}"
    )
