import sys
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connection

from config.console import EXIT_STATUS, explain
from config.hazards import report
from config.hazards.check import CheckError, check
from config.hazards.squawk import SquawkError
from config.hazards.steps import StepError

DANGEROUS = 1
COULD_NOT_CHECK = EXIT_STATUS["check_migrations"]
FORMATS = {"text": report.text, "github": report.github}


class Command(BaseCommand):
    """Exit status 0: no hazards, or all accepted; 1: hazards; 2: could not check."""

    help = (
        "Find what is dangerous about migrations on tables that are in use, and say what to do "
        "instead. Runs none of them. Exit status 0: nothing, or all accepted; 1: hazards; "
        "2: could not check."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "app_label", nargs="?", default="", help="Check this app, not all of the project's own."
        )
        parser.add_argument(
            "migration_name", nargs="?", default="", help="Check only this migration of it."
        )
        parser.add_argument("--format", default="text", help=f"One of {', '.join(FORMATS)}.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            render = FORMATS.get(options["format"])
            if render is None:
                known = ", ".join(FORMATS)
                raise CheckError(f"There is no format {options['format']!r}. There are: {known}.")
            result = check(connection, options["app_label"], options["migration_name"])
            self.stdout.write(render(result) if options["verbosity"] else report.verdict(result))
        except (CheckError, Error, ImproperlyConfigured, SquawkError, StepError) as error:
            reason = " ".join((explain(error) or str(error)).split())
            raise CommandError(reason, returncode=COULD_NOT_CHECK) from error
        if not result.is_clean:
            sys.exit(DANGEROUS)
