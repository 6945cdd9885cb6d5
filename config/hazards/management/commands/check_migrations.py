import sys
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connection

from config.console import EXIT_STATUS, explain
from config.hazards.annotations import github_report
from config.hazards.checked_migrations import check_migrations
from config.hazards.errors import HazardError
from config.hazards.report import text_report, verdict

DANGEROUS = 1
COULD_NOT_CHECK = EXIT_STATUS["check_migrations"]
REPORTS = {"text": text_report, "github": github_report}


class Command(BaseCommand):
    help = (
        "List the dangerous operations of migrations, and their alternatives. No migration is "
        "run. Exit status 0: no hazards, or all accepted; 1: hazards, or mistakes in "
        "hazards_accepted; 2: could not check."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "app_label", nargs="?", default="", help="Check one app instead of all own apps."
        )
        parser.add_argument(
            "migration_name", nargs="?", default="", help="Check one migration of that app."
        )
        parser.add_argument(
            "--format", default="text", choices=REPORTS, help="Format of the output."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        report = REPORTS[options["format"]] if options["verbosity"] else verdict
        try:
            checked = check_migrations(connection, options["app_label"], options["migration_name"])
            self.stdout.write(report(checked))
        except (Error, HazardError, ImproperlyConfigured) as error:
            reason = " ".join((explain(error) or str(error)).split())
            raise CommandError(reason, returncode=COULD_NOT_CHECK) from error
        if not checked.is_clean:
            sys.exit(DANGEROUS)
